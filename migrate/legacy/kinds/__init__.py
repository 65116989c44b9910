"""The kinds of legacy models that are read, one module each.

A module here is found by itself: it has a `READER`, which says what it recognises and how that is read. Its test is
`tests/legacy/kinds/test_<kind>.py`. Importing one must not import TensorFlow.
"""
