"""Which signatures an Estimator's export has.

The rules are those of `tensorflow/python/saved_model/model_utils/export_utils.py` in TensorFlow 1.15: one signature for
every export output, and one `<alternative>:<output>` for every alternative group of receiver tensors; those that cannot
be served are left out.
"""

from __future__ import annotations

import logging
from typing import Any

import tensorflow.compat.v1 as tf1

from migrate.shim.estimator.errors import EstimatorError
from migrate.shim.estimator.spec import DEFAULT_KEY
from migrate.shim.estimator.tensors import SINGLE_RECEIVER_NAME

_LOG = logging.getLogger(__name__)


def serving_signatures(receiver: Any, export_outputs: dict[Any, Any]) -> dict[str, Any]:
    """The SignatureDefs by key; what cannot be served is left out, with a warning that says why.

    Raises:
        EstimatorError: nothing is left. TensorFlow 1 wrote a graph that clients could reach by tensor names even then;
            a TF2 SavedModel without signatures holds nothing that they can call.
    """
    alternatives = getattr(receiver, "receiver_tensors_alternatives", None)
    signatures, reasons = _signatures(receiver.receiver_tensors, alternatives, export_outputs)
    for key in [key for key, signature in signatures.items() if not tf1.saved_model.is_valid_signature(signature)]:
        del signatures[key]
        reasons.append(f"{key!r} is not valid for serving and is left out.")
    if not signatures:
        raise EstimatorError(f"The export would have no signature: {' '.join(reasons) or 'there are no outputs.'}")
    for reason in reasons:
        _LOG.warning("The signature %s", reason)
    if DEFAULT_KEY not in signatures:
        _LOG.warning("The export has no default signature; it has %s.", sorted(signatures))
    return signatures


def build_all_signature_defs(
    receiver_tensors: Any,
    export_outputs: dict[Any, Any],
    receiver_tensors_alternatives: dict[str, Any] | None = None,
    serving_only: bool = True,
) -> dict[str, Any]:
    """The SignatureDefs of export outputs by key, for programs that write the SavedModel themselves.

    Args:
        receiver_tensors: what is fed: a Tensor, or a dict of string to Tensor.
        export_outputs: the `ExportOutput`s by key.
        receiver_tensors_alternatives: other groups of what may be fed, by name.
        serving_only: leave out those that TensorFlow Serving would not take.

    Raises:
        ValueError: `export_outputs` is no dict.
    """
    if not isinstance(export_outputs, dict):
        raise ValueError(f"export_outputs must be a dict, not {type(export_outputs)}")
    signatures, reasons = _signatures(receiver_tensors, receiver_tensors_alternatives, export_outputs)
    for reason in reasons:
        _LOG.warning("The signature %s", reason)
    is_valid = tf1.saved_model.is_valid_signature
    return {key: each for key, each in signatures.items() if not serving_only or is_valid(each)}


def _signatures(
    receiver_tensors: Any, alternatives: dict[str, Any] | None, export_outputs: dict[Any, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return what the outputs become for every group of inputs, and why some of them become nothing."""
    signatures: dict[str, Any] = {}
    reasons: list[str] = []
    for name, tensors in _receiver_groups(receiver_tensors, alternatives):
        for key, output in export_outputs.items():
            signature_key = f"{name}{key or 'None'}"
            try:
                signatures[signature_key] = output.as_signature_def(tensors)
            except ValueError as error:
                reasons.append(f"{signature_key!r} cannot be served and is left out: {error}")
    return signatures, reasons


def _receiver_groups(receiver_tensors: Any, alternatives: dict[str, Any] | None) -> list[tuple[str, dict[str, Any]]]:
    groups = [("", _as_dict(receiver_tensors))]
    groups.extend((f"{name or 'None'}:", _as_dict(tensors)) for name, tensors in (alternatives or {}).items())
    return groups


def _as_dict(tensors: Any) -> dict[str, Any]:
    return tensors if isinstance(tensors, dict) else {SINGLE_RECEIVER_NAME: tensors}
