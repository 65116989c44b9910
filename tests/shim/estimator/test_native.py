"""What `export_estimator` and `native_exporter` say without `tf.estimator`; with it, see `tests/estimator215`."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.shim import estimator as tf_estimator
from tests.shim.estimator.programs import checkpoint_folder, migrated

WITHOUT_ESTIMATORS = not hasattr(tf, "estimator")


def test_an_exporter_cannot_be_made_native() -> None:
    error = tf_estimator.EstimatorError if WITHOUT_ESTIMATORS else tf_estimator.EstimatorTypeError
    with pytest.raises(error, match="export the checkpoint" if WITHOUT_ESTIMATORS else "no tf.estimator.Exporter"):
        tf_estimator.native_exporter(object())


def test_a_stand_in_exports_itself(tmp_path: Path) -> None:
    program = migrated("custom_tensor")
    estimator = tf_estimator.Estimator(program.model_fn, str(checkpoint_folder("custom_tensor")))
    passed_on: dict[str, Any] = {"strip_default_attrs": True}
    returned = tf_estimator.export_estimator(estimator, tmp_path, program.serving_input_receiver_fn, **passed_on)
    assert set(tf.saved_model.load(returned.decode()).signatures) == {"serving_default", "regress_all"}


def test_another_object_is_refused(tmp_path: Path) -> None:
    with pytest.raises(tf_estimator.EstimatorTypeError, match="dict is no Estimator"):
        tf_estimator.export_estimator({}, tmp_path, lambda: None)
