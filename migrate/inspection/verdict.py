"""Whether a model needs to be migrated, and why, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.inspection.facts import ModelFacts, VariableStorage
from migrate.legacy.kind import ModelKind
from migrate.legacy.tags import listed

_TRIAL = (
    "Nothing that can be told without running it stands against it; that TensorFlow 2 takes the graph and gives the "
    "same numbers, the rewrap itself proves."
)
_PREDICT = "tensorflow/serving/predict"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to "do I need to migrate this model?".

    Attributes:
        needed: whether the model is in a TF1 format.
        answer: what to do, in a sentence or two.
        reasons: what plain TensorFlow 2 (`tf.saved_model.load`, `tf.saved_model.save`) would lose, one sentence each.
    """

    needed: bool
    answer: str
    reasons: tuple[str, ...] = ()


def verdict(facts: ModelFacts) -> Verdict:
    """Judge a model by its facts."""
    match facts.kind:
        case ModelKind.SAVED_MODEL_V2:
            return Verdict(False, "No: it already is a native TF2 SavedModel.")
        case ModelKind.KERAS_V3:
            return Verdict(False, "No: it already is a Keras 3 model.")
    return Verdict(True, _answer(facts), _losses(facts))


def _answer(facts: ModelFacts) -> str:
    """Say what preflight knows of a rewrap, and what it cannot know."""
    good = [graph for graph in facts.meta_graphs if not graph.problems]
    if facts.problems or (facts.meta_graphs and not good):
        return "Yes, but it cannot be rewrapped as it is: see its problems."
    if len(good) < len(facts.meta_graphs):
        bad = [graph.tags for graph in facts.meta_graphs if graph.problems]
        named = listed([graph.tags for graph in good])
        return (
            f"Yes: of its MetaGraphs `tf1to2 rewrap` rewraps {named} (--tags); {listed(bad)} cannot be rewrapped as it "
            f"is: see its problems. {_TRIAL}"
        )
    if facts.kind in (ModelKind.SAVED_MODEL_V1, ModelKind.HUB_V1):
        return f"Yes, for everything but serving it unchanged: `tf1to2 rewrap`. {_TRIAL}"
    return f"Yes, to serve it, or to use it in TensorFlow 2 without a session: `tf1to2 rewrap`. {_TRIAL}"


def _losses(facts: ModelFacts) -> tuple[str, ...]:
    """What a load and save by plain TensorFlow 2 does to this SavedModel (measured with TensorFlow 2.21)."""
    if facts.kind not in (ModelKind.SAVED_MODEL_V1, ModelKind.HUB_V1):  # which it does not load
        return ()
    refs = sum(one.storage is VariableStorage.REF for graph in facts.meta_graphs for one in graph.variables)
    methods = sorted(
        one.key for graph in facts.meta_graphs for one in graph.signatures if one.method not in (_PREDICT, "")
    )
    losses = [
        "Loaded by tf.saved_model.load it has neither trainable variables nor functions to call but its signatures."
    ]
    behind = [name for graph in facts.meta_graphs for name in graph.without_gradient]
    if behind:
        more = f" and {len(behind) - 1} more" if len(behind) > 1 else ""
        losses.append(
            "Rewrapped it has them, but TensorFlow 2 takes no gradients through loops of TensorFlow 1 (tf.while_loop, "
            f"dynamic_rnn): none reach {behind[0]}{more}."
        )
    if refs:
        losses.append(
            f"Saved again by TensorFlow 2 it loses its {refs} ref variable(s) silently: the copy has no weights."
        )
    if methods:
        losses.append(f"Saved again, the method name of {', '.join(methods)} becomes predict.")
    if facts.assets_extra:
        losses.append("Saved again, assets.extra is gone.")
    if len(facts.meta_graphs) > 1:
        losses.append(f"It holds {len(facts.meta_graphs)} MetaGraphs; a TF2 SavedModel holds one.")
    return tuple(losses)
