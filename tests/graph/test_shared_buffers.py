"""Which ops show a variable as it is when they are used: what TensorFlow 1.15.5 gave, op by op."""

from __future__ import annotations

import pytest

from tests.ordered_programs import converted, differences, programs_by_op

GRAPHS = programs_by_op()
# What enters a loop that computes is copied: here, if the loop turns not once, TensorFlow 1 gives the buffer itself.
KNOWN = {"loop that does not run"}


@pytest.mark.parametrize("write", GRAPHS)
def test_as_in_tensorflow_1(write: str) -> None:
    """Each op's value is used and fetched after a write that waits for it."""
    assert {one.program for one in differences(GRAPHS[write])} == KNOWN


@pytest.mark.parametrize(
    "name", ["Add", "Relu", "Neg", "GatherV2", "Slice", "Transpose", "Cast", "Sum", "DeepCopy", "Snapshot"]
)
def test_what_computes_is_not_made_again(name: str) -> None:
    graph = GRAPHS["assign"]
    programs = [program for program in graph.programs if program.name == name]
    nodes = converted(graph, programs).nodes
    assert not [node.name for node in nodes if "/later" in node.name]
