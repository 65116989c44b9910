"""What the row says of a rewrapped model."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.rewrap import rewrap
from tests.graph.twin import ref_variable, v1
from tests.verify.tiny_models import PREDICT, Signature, export


def counter(ordered: bool) -> dict[str, Signature]:
    """Give twice a count, and add to the count: beside each other, or one after the other."""
    x = v1.placeholder("float32", [], name="x")
    count = ref_variable("count", 1.0)
    twice = count * 2.0
    with v1.control_dependencies([twice] if ordered else []):
        added = v1.assign_add(count, x)
    return {"serving_default": ({"x": x}, {"twice": twice, "count": added}, PREDICT)}


@pytest.mark.parametrize(
    ("ordered", "said"),
    [pytest.param(False, "no order between reads and writes of count within a call", id="open"), (True, "")],
)
def test_an_open_order_is_told(ordered: bool, said: str, tmp_path: Path) -> None:
    export(tmp_path / "old", lambda: counter(ordered))
    notes = " ".join(rewrap(tmp_path / "old", tmp_path / "new").notes)
    assert said in notes
    assert bool(said) == ("no order" in notes)
