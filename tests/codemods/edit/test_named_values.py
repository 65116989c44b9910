"""What new code needs twice is named on a line of its own, evaluated once and in the order of before."""

from __future__ import annotations

import libcst as cst
import pytest

from codemods.edit.edits import Edit
from codemods.edit.named_values import named_above
from codemods.source.module import Module


def named(source: str) -> Edit | None:
    """Ask for the argument of the call of `twice`."""
    module = Module(source)
    (call,) = (each for each in module.calls if isinstance(each.func, cst.Name) and each.func.value == "twice")
    return named_above(module, call.args[0].value, "value")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("t = twice(read())\n", "value = read()\n"),
        ("def f():\n  return g(1, twice(read()))\n", "  value = read()\n"),
        ("if a:\r\n\tself.t = twice(read()), b()\r\n", "\tvalue = read()\r\n"),
        # Targets are evaluated last.
        ("tables[key()] = twice(read())\n", "value = read()\n"),
        ("tables[key()]: T[x()] = twice(read())\n", "value = read()\n"),
        # Always evaluated, and first.
        ("t = twice(read()) if a else b\n", None),
        ("t = b if twice(read()) else c()\n", "value = read()\n"),
        ("t = twice(read()) or b()\n", "value = read()\n"),
        ("t = n < twice(read()) < m()\n", "value = read()\n"),
        # Lines stay together.
        ("t = twice(a +\n          b)\n", "value = (a +\n         b)\n"),
        ("t = twice(read(a,\n               b))\n", "value = read(a,\n             b)\n"),
        ("t = twice((a +\n  b))\n", "value = (a +\n  b)\n"),
    ],
)
def test_an_expression_is_named_above_its_statement(source: str, line: str | None) -> None:
    found = named(source)
    assert (found and found.text) == line
    if found is not None:
        assert source[: found.start].rstrip(" \t") == source[: found.start]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("t = other(), twice(read())\n", id="a call comes first"),
        pytest.param("t = await_(x)(twice(read()))\n", id="what gives the function comes first"),
        pytest.param("t = (n := 1) + twice(read(n))\n", id="a name gets its value first"),
        pytest.param("async def f():\n    t = (await g) + twice(read())\n", id="another task comes first"),
        pytest.param("t = a and twice(read())\n", id="perhaps not at all"),
        pytest.param("t = n() < m < twice(read())\n", id="perhaps not at all, in a chain"),
        pytest.param("make = lambda: twice(read())\n", id="later"),
        pytest.param("ts = [twice(read(w)) for w in words]\n", id="many times"),
        pytest.param("while twice(read()):\n    pass\n", id="many times, in a condition"),
        pytest.param("assert ok, twice(read())\n", id="on failure only"),
        pytest.param("a(); t = twice(read())\n", id="another statement of the line comes first"),
        pytest.param("if a: t = twice(read())\n", id="no line of its own"),
        pytest.param("def f(t=twice(read())):\n    pass\n", id="a default argument"),
    ],
)
def test_it_is_not_where_that_would_be_another_program(source: str) -> None:
    assert named(source) is None
