"""What damages, hangs, injects or runs unasked: one module a kind of fault, each with a table of cases.

A new case is an entry of the table of its kind (at most five lines), and a builder beside it where none fits.
"""
