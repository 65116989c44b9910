"""Notices when TensorFlow's op registry changes its form."""

from __future__ import annotations

import pytest

from migrate.tensorflow_private.op_defs import op_def, registered_ops


def test_an_op_of_today() -> None:
    found = op_def("AssignVariableOp")
    assert found is not None
    assert [argument.name for argument in found.input_arg] == ["resource", "value"]
    assert {attribute.name for attribute in found.attr} >= {"dtype", "validate_shape"}


@pytest.mark.parametrize(
    "op", ["VariableV2", "RefSwitch", "HashTable", "CountUpTo", "ApplyAdam", "BoostedTreesBucketize"]
)
def test_ops_of_tensorflow_1_are_still_registered(op: str) -> None:
    assert op_def(op) is not None


def test_references_are_told() -> None:
    found = op_def("Assign")
    assert found is not None
    assert [argument.is_ref for argument in found.input_arg] == [True, False]


@pytest.mark.parametrize("op", ["NoSuchOpAnywhere", "Resampler", ""])
def test_an_unknown_op_is_none(op: str) -> None:
    assert op_def(op) is None


def test_the_whole_registry_can_be_listed() -> None:
    found = {op.name: op for op in registered_ops()}
    assert list(found) == sorted(found)
    assert found["MatMul"] == op_def("MatMul")
    assert found["PyFunc"].is_stateful
    assert len(found) > 1_500
