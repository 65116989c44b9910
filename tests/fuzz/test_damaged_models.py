"""A slice of the damaged models, small enough for every run of the tests; the rest is run by hand."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.damaged_models import check, damaged_models, table
from tests.fuzz.model_damage import DAMAGES

COUNT = 200


def test_damage_costs_a_sentence_and_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "models"
    root.mkdir()
    models = damaged_models(root, COUNT, seed=0)
    assert set(models.values()) == set(DAMAGES)
    found = list(check(root, models, proof=None, verify_every=20))
    assert not [one for one in found if one.finding], table(found)
    assert {one.model for one in found} == {model.name for model in models}
    assert {one.outcome for one in found if one.command == "rewrap"} >= {"refused", "rewrapped"}
