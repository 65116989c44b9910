"""The answer of `inspect` is that of `rewrap`: one preflight, one cause."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from migrate.errors import Tf1to2Error
from migrate.inspection.read import read_facts
from migrate.inspection.verdict import verdict
from migrate.legacy.saved_model import read_saved_model
from migrate.preflight.allowed_ops import EVERY_OP
from migrate.rewrap import ModelOptions, rewrap
from tests.golden import GoldenModel, golden_model, golden_models
from tests.rewrap.test_against_tensorflow_1 import REFUSED

# A native one is no legacy model; the answer is that there is nothing to do.
REWRAPPED = [model for model in golden_models() if model.name not in REFUSED]


@pytest.mark.parametrize("model", REWRAPPED, ids=lambda model: model.name)
def test_nothing_stands_against_what_rewraps(model: GoldenModel) -> None:
    """That each of them rewraps is shown by `tests/rewrap/test_against_tensorflow_1.py`."""
    facts = read_facts(model.path)
    assert facts.all_problems == ()
    answer = verdict(facts).answer
    assert answer.startswith("Yes, for everything but serving it unchanged: `tf1to2 rewrap`.")
    assert "the rewrap itself proves" in answer, "what cannot be known is said"


@pytest.mark.parametrize("name", sorted(REFUSED - {"keras_object_graph"}))
def test_what_is_refused_is_refused_for_the_same_cause(name: str, tmp_path: Path) -> None:
    model = golden_model(name).path
    facts = read_facts(model)
    with pytest.raises(Tf1to2Error) as caught:
        rewrap(model, tmp_path / "new")
    assert facts.all_problems
    assert str(caught.value).removeprefix(f"{model}: ").startswith(" ".join(facts.all_problems[:5]))
    assert verdict(facts).answer == "Yes, but it cannot be rewrapped as it is: see its problems."


@pytest.mark.parametrize("name", ["read_file", "read_asset_file", "write_file"])
def test_what_is_allowed_is_no_problem(name: str, tmp_path: Path) -> None:
    model = golden_model(name).path
    assert read_facts(model, allowed=EVERY_OP).all_problems == ()
    rewrap(model, tmp_path / "new", ModelOptions(allowed=EVERY_OP))


@pytest.mark.parametrize("name", ["ref_simple_save", "no_variables"])
def test_weights_that_are_not_whole_are_told_alike(name: str, tmp_path: Path) -> None:
    """Also those that nothing needs: they would be copied."""
    model = shutil.copytree(golden_model(name).path, tmp_path / "m")
    shutil.rmtree(model / "variables", ignore_errors=True)
    (model / "variables").mkdir()
    (model / "variables" / "variables.data-00000-of-00001").write_bytes(b"")
    with pytest.raises(Tf1to2Error) as caught:
        rewrap(model, tmp_path / "new")
    assert read_facts(model).all_problems == (str(caught.value),)


def test_one_meta_graph_of_two_can_be_rewrapped(tmp_path: Path) -> None:
    """One that cannot does not stop the others, so it does not decide the answer."""
    model = shutil.copytree(golden_model("two_meta_graphs").path, tmp_path / "m")
    saved_model = read_saved_model(model)
    first, second = saved_model.meta_graphs
    next(iter(second.signature_def.values())).outputs["more"].name = "gone:0"
    (model / "saved_model.pb").write_bytes(saved_model.SerializeToString())
    facts = read_facts(model)
    tags = [",".join(sorted(graph.meta_info_def.tags)) for graph in (first, second)]
    answer = verdict(facts).answer
    assert f"`tf1to2 rewrap` rewraps {tags[0]} (--tags); {tags[1]} cannot be rewrapped as it is" in answer
    rewrap(model, tmp_path / "new", ModelOptions(tags=frozenset(first.meta_info_def.tags)))
    with pytest.raises(Tf1to2Error, match="gone:0"):
        rewrap(model, tmp_path / "other", ModelOptions(tags=frozenset(second.meta_info_def.tags)))
