"""What `tf.parse_example` needs for the features of canned Estimators, their label and weight."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.shim.estimator.errors import EstimatorError


def classifier_parse_example_spec(
    feature_columns: Any,
    label_key: str,
    label_dtype: Any = tf.int64,
    label_default: Any = None,
    weight_column: Any = None,
) -> dict[str, Any]:
    """The parse spec of the columns, of a label and of a weight column, by key.

    Raises:
        EstimatorError: label or weight are features too.
    """
    label = tf1.FixedLenFeature((1,), label_dtype, label_default)
    return _with_label(feature_columns, label_key, label, weight_column)


def regressor_parse_example_spec(
    feature_columns: Any,
    label_key: str,
    label_dtype: Any = tf.float32,
    label_default: Any = None,
    label_dimension: int = 1,
    weight_column: Any = None,
) -> dict[str, Any]:
    """The parse spec of the columns, of a label of `label_dimension` values and of a weight column, by key.

    Raises:
        EstimatorError: label or weight are features too.
    """
    label = tf1.FixedLenFeature((label_dimension,), label_dtype, label_default)
    return _with_label(feature_columns, label_key, label, weight_column)


def _with_label(columns: Any, label_key: str, label: Any, weight_column: Any) -> dict[str, Any]:
    spec: dict[str, Any] = tf1.feature_column.make_parse_example_spec(columns)
    if label_key in spec:
        raise EstimatorError(f"The label {label_key!r} is a feature too: {', '.join(sorted(spec))}.")
    spec[label_key] = label
    if weight_column is None:
        return spec
    if isinstance(weight_column, str):
        weight_column = tf1.feature_column.numeric_column(weight_column)
    weight = tf1.feature_column.make_parse_example_spec([weight_column])
    if set(weight) & set(spec):
        raise EstimatorError(f"The weight column {', '.join(weight)} is a feature too.")
    return {**spec, **weight}
