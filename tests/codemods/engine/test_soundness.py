"""The engine gives up what would break a file, whatever a rule drafted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from codemods.edit.edits import Edit
from codemods.engine.file_plans import plan_file
from codemods.rule import Draft
from codemods.rules.sm101_simple_save import SimpleSave
from codemods.site import Outcome
from codemods.source.module import Module

SOURCE = b'import tensorflow as tf\ntf.saved_model.simple_save(tf.Session(), "out", {"x": x}, {"y": x})\n'


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("unknown()\n", "`unknown`"),
        ("from tensorflow import Session\n", "from tensorflow import Session"),
        ("import tensorflow.contrib.slim\n", "import tensorflow.contrib.slim"),
        ("known = 1\nknown += 1\n", None),
        ("def f():\n    from tensorflow.compat.v1 import Session\n", None),
        ("x.y\n", None),  # undefined before too
    ],
)
def test_a_draft_that_breaks_the_file_is_given_up(added: str, said: str | None) -> None:
    class Breaks(SimpleSave):
        def plan(self, module: Module) -> Iterator[Draft]:
            for draft in super().plan(module):
                yield replace(draft, edits=(*draft.edits, Edit(len(module.text), len(module.text), added)))

    (site,) = plan_file("a.py", SOURCE, [Breaks()]).sites
    assert (site.outcome is Outcome.MANUAL) is (said is not None)
    assert said is None or (said in site.reason and not site.changes)
