"""Functions that make another Estimator of one: `forward_features` and `add_metrics`.

The rules are those of `tensorflow_estimator/contrib/estimator/python/estimator/extenders.py` in TensorFlow 1.15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tensorflow as tf
import tensorflow.compat.v1 as tf1

from migrate.shim.estimator.errors import EstimatorError, EstimatorTypeError
from migrate.shim.estimator.estimator import Estimator
from migrate.shim.estimator.tensors import is_tensor

_FORWARDED_INTO = ("predict", "serving_default")


def forward_features(estimator: Any, keys: Any = None, sparse_default_values: Mapping[str, Any] | None = None) -> Any:
    """`tf.contrib.estimator.forward_features`: an Estimator that predicts and exports features too.

    Args:
        estimator: of `migrate.shim.estimator`, or (TensorFlow <= 2.15) of `tf.estimator`.
        keys: a feature, or a list of them; all where None.
        sparse_default_values: by key of a sparse feature that becomes dense, the value in its gaps.

    Raises:
        EstimatorTypeError: a key is no string.
    """
    wanted = _checked_keys(keys)

    def model_fn(features: Any, labels: Any, mode: str, config: Any) -> Any:
        spec = estimator.model_fn(features, labels, mode, config)
        if spec.predictions is None:
            return spec
        names = list(features) if wanted is None else wanted
        _check(names, features, spec.predictions)
        forwarded = {name: _dense(name, features[name], sparse_default_values or {}) for name in names}
        spec = spec._replace(predictions={**spec.predictions, **forwarded})
        for name in _FORWARDED_INTO:
            outputs = getattr((spec.export_outputs or {}).get(name), "outputs", None)
            if isinstance(outputs, dict):  # of a PredictOutput
                outputs.update(forwarded)
        return spec

    return _kind_of(estimator)(model_fn=model_fn, model_dir=estimator.model_dir, config=estimator.config)


def add_metrics(estimator: Any, metric_fn: Callable[..., Any]) -> Any:
    """`tf.estimator.add_metrics`: an Estimator with more metrics, which no export and no prediction reads."""
    del metric_fn
    return estimator


def _kind_of(estimator: Any) -> Any:
    return Estimator if isinstance(estimator, Estimator) else tf1.estimator.Estimator


def _checked_keys(keys: Any) -> list[str] | None:
    if keys is None:
        return None
    if isinstance(keys, str):
        return [keys]
    if not isinstance(keys, (list, tuple)):
        raise EstimatorTypeError(f"The keys to forward must be a string or a list of strings, not {keys!r}.")
    odd = next((key for key in keys if not isinstance(key, str)), None)
    if odd is not None:
        raise EstimatorTypeError(f"The keys to forward must be strings; one is {odd!r}.")
    return list(keys)


def _check(names: Iterable[str], features: Any, predictions: Any) -> None:
    if not isinstance(predictions, dict):
        raise EstimatorError(f"Features are forwarded into a dict of predictions, not into {type(predictions)}.")
    for name in names:
        if name not in features:
            raise EstimatorError(f"The key {name!r} to forward is no feature; the features are {sorted(features)}.")
        if name in predictions:
            raise EstimatorError(f"The feature {name!r} cannot be forwarded: the predictions have that key already.")


def _dense(name: str, feature: Any, defaults: Mapping[str, Any]) -> Any:
    if not isinstance(feature, tf.SparseTensor):
        feature = tf.convert_to_tensor(feature)
    if name in defaults:
        if not isinstance(feature, tf.SparseTensor):
            raise EstimatorError(f"The feature {name!r} has a default for its gaps, but it is not sparse.")
        feature = tf1.sparse_tensor_to_dense(feature, default_value=defaults[name])
    if not is_tensor(feature):
        raise EstimatorError(
            f"The feature {name!r} is sparse: name the features to forward in `keys`, or give a default for its gaps "
            "in `sparse_default_values`."
        )
    return feature
