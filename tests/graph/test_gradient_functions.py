"""A gradient that a function has of its own stays the one that is computed, or the model is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.python.framework.function import Defun

from migrate.errors import RefusedModelError
from migrate.graph.function_library import called_functions, functions_by_name
from migrate.graph.gradient_functions import lost_gradients, with_own_gradients
from migrate.rewrap import rewrap
from migrate.shim import export_session, load
from tests.graph.test_function_library import calling, library
from tests.graph.twin import node, v1


def functions() -> Any:
    """Make a library: `f` has a gradient of its own, and so what takes the gradient of `outer` needs it."""
    made = library(
        f=[],
        g=[node("n", "helper")],
        helper=[],
        outer=[node("n", "f")],
        taking=[calling("s", "SymbolicGradient", f="f")],
    )
    made.gradient.add(function_name="f", gradient_func="g")
    return made


@pytest.mark.parametrize(
    ("nodes", "op", "called"),
    [
        ([calling("n", "SymbolicGradient", f="f")], "PartitionedCall", ("g", "helper")),
        ([node("n", "taking")], "taking", ("g", "helper", "taking")),
        # Made by TensorFlow, as before.
        ([calling("n", "SymbolicGradient", f="helper")], "SymbolicGradient", ("helper",)),
        ([calling("n", "PartitionedCall", f="f")], "PartitionedCall", ("f",)),
    ],
)
def test_the_own_gradient_is_called(nodes: list[Any], op: str, called: tuple[str, ...]) -> None:
    graph_def, changed = with_own_gradients(v1.GraphDef(node=nodes), functions())
    assert graph_def.node[0].op == op
    assert called_functions(graph_def.node, functions_by_name(changed)) == called
    assert nodes[0].op != "PartitionedCall" or op == "PartitionedCall"


@pytest.mark.parametrize(
    ("nodes", "lost"),
    [
        ([calling("n", "SymbolicGradient", f="outer")], [("outer", "f")]),
        ([calling("n", "SymbolicGradient", f="f")], []),
        ([calling("n", "SymbolicGradient", f="helper"), node("m", "outer")], []),
        ([node("n", "taking")], []),
    ],
)
def test_what_would_be_lost(nodes: list[Any], lost: list[tuple[str, str]]) -> None:
    assert list(lost_gradients(nodes, functions())) == lost


def program(folder: Path, *, inside: bool, export: Any) -> None:
    """Export the gradient of a square as one that is three times what comes in."""

    @Defun(tf.float32, tf.float32, func_name="tripled")  # type: ignore[untyped-decorator]
    def tripled(x: Any, upstream: Any) -> Any:
        return 3.0 * upstream + 0.0 * x

    @Defun(tf.float32, func_name="squared", grad_func=tripled)  # type: ignore[untyped-decorator]
    def squared(x: Any) -> Any:
        return x * x

    @Defun(tf.float32, func_name="doubled_square")  # type: ignore[untyped-decorator]
    def doubled_square(x: Any) -> Any:
        return squared(x) * 2.0

    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None], name="x")
        y = (doubled_square if inside else squared)(x)
        y.set_shape([None])
        (gradient,) = tf.gradients(y, [x])
        gradient.set_shape([None])
        assert session.run(gradient, {x: [1.0, 2.0]}).tolist() == ([6.0, 6.0] if inside else [3.0, 3.0])
        export(session, str(folder), {"x": x}, {"g": gradient})


def answers(folder: Path) -> list[list[float]]:
    """Ask a native SavedModel in TensorFlow 2 and in a Session."""
    x = [1.0, 2.0]
    eager = tf.saved_model.load(str(folder)).signatures["serving_default"](x=tf.constant(x))["g"]
    with tf.Graph().as_default(), v1.Session() as session:
        signature = v1.saved_model.load(session, ["serve"], str(folder)).signature_def["serving_default"]
        in_session = session.run(signature.outputs["g"].name, {signature.inputs["x"].name: x})
    return [eager.numpy().tolist(), in_session.tolist()]


def test_a_model_keeps_it(tmp_path: Path) -> None:
    program(tmp_path / "old", inside=False, export=v1.saved_model.simple_save)
    loaded = load(tmp_path / "old")
    assert loaded.signatures["serving_default"](x=tf.constant([1.0, 2.0]))["g"].numpy().tolist() == [3.0, 3.0]
    loaded.save(tmp_path / "saved")
    rewrap(tmp_path / "old", tmp_path / "new")
    program(tmp_path / "live", inside=False, export=export_session)
    for name in ("saved", "new", "live"):
        assert answers(tmp_path / name) == [[3.0, 3.0], [3.0, 3.0]]


def test_a_model_that_cannot_keep_it_is_refused(tmp_path: Path) -> None:
    program(tmp_path / "old", inside=True, export=v1.saved_model.simple_save)
    for make in (load, lambda old: rewrap(old, tmp_path / "new")):
        with pytest.raises(RefusedModelError, match="gradient of the function 'doubled_square', which calls 'squared'"):
            make(tmp_path / "old")
    with pytest.raises(RefusedModelError, match="which calls 'squared'"):
        program(tmp_path / "live", inside=True, export=export_session)
    assert not (tmp_path / "live" / "saved_model.pb").exists()
