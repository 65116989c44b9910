"""From a TF1 SavedModel to a native one, wherever the caller stands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.errors import RefusedModelError, Tf1to2Error
from migrate.shim import finish


def legacy_model(folder: Path) -> Path:
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 2])
        y = x * tf1.get_variable("w", initializer=[2.0, 3.0])
        session.run(tf1.global_variables_initializer())
        tf1.saved_model.simple_save(session, str(folder), {"x": x}, {"y": y})
    return folder


def served(folder: Path) -> Any:
    y = tf.saved_model.load(str(folder)).signatures["serving_default"](x=tf.constant([[1.0, 1.0]]))["y"]
    return y.numpy().tolist()


def test_eagerly(tmp_path: Path) -> None:
    finish.finish_native(legacy_model(tmp_path / "legacy"), tmp_path / "native")
    assert served(tmp_path / "native") == [[2.0, 3.0]]


def test_inside_a_graph_and_a_session(tmp_path: Path) -> None:
    legacy = legacy_model(tmp_path / "legacy")
    with tf.Graph().as_default(), tf1.Session(), tf1.name_scope("scope"):
        finish.finish_native(legacy, tmp_path / "native")
    assert served(tmp_path / "native") == [[2.0, 3.0]]


def test_in_a_fresh_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finish, "_has_v2_behavior", lambda: False)
    finish.finish_native(legacy_model(tmp_path / "legacy"), tmp_path / "native")
    assert served(tmp_path / "native") == [[2.0, 3.0]]


@pytest.mark.parametrize("eager", [True, False])
def test_an_input_that_clients_must_give_from_now_on_is_warned_of(
    eager: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None])
        noise = tf1.placeholder_with_default(tf1.random_uniform(tf.shape(x)), [None])
        tf1.saved_model.simple_save(session, str(tmp_path / "legacy"), {"x": x, "noise": noise}, {"y": x + noise})
    monkeypatch.setattr(finish, "_has_v2_behavior", lambda: eager)
    with pytest.warns(UserWarning, match="serving_default: clients could leave out noise"):
        finish.finish_native(tmp_path / "legacy", tmp_path / "native")


@pytest.mark.parametrize("eager", [True, False])
def test_refusals_come_back(eager: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finish, "_has_v2_behavior", lambda: eager)
    (tmp_path / "legacy").mkdir()
    (tmp_path / "legacy" / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(Tf1to2Error, match="legacy"):
        finish.finish_native(tmp_path / "legacy", tmp_path / "native")
    assert not (tmp_path / "native").exists()


def test_another_end_of_the_process_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finish, "_has_v2_behavior", lambda: False)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Tf1to2Error, match="ended with 1") as told:
        finish.finish_native(tmp_path, tmp_path / "native")
    assert not isinstance(told.value, RefusedModelError)
