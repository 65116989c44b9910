"""Parse specs with label and weight."""

from __future__ import annotations

import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.shim.estimator import classifier_parse_example_spec, regressor_parse_example_spec

COLUMNS = [tf1.feature_column.numeric_column("x", 2), tf1.feature_column.categorical_column_with_identity("k", 3)]
FEATURES = {"x": tf1.FixedLenFeature((2,), tf.float32), "k": tf1.VarLenFeature(tf.int64)}


def test_of_a_classifier() -> None:
    spec = classifier_parse_example_spec(COLUMNS, "y", label_dtype=tf.string, label_default="no")
    assert spec == {**FEATURES, "y": tf1.FixedLenFeature((1,), tf.string, "no")}


def test_of_a_regressor() -> None:
    spec = regressor_parse_example_spec(COLUMNS, "y", label_dimension=3, weight_column="w")
    assert spec == {
        **FEATURES,
        "y": tf1.FixedLenFeature((3,), tf.float32, None),
        "w": tf1.FixedLenFeature((1,), tf.float32),
    }


def test_a_label_or_weight_that_is_a_feature_is_refused() -> None:
    with pytest.raises(ValueError, match="'x' is a feature"):
        classifier_parse_example_spec(COLUMNS, "x")
    with pytest.raises(ValueError, match="weight column x"):
        regressor_parse_example_spec(COLUMNS, "y", weight_column=COLUMNS[0])
