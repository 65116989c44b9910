"""Classify and regress signatures: their method names are kept.

`tf.saved_model.save` gives every signature the method name `tensorflow/serving/predict`. The shim puts back the name
that the SignatureDef has, so a signature built for classification or regression keeps it. TensorFlow Serving also
checks the keys of such signatures; where they are known and break its rules, the report says so.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.edit.shim_names import SHIM
from codemods.engine.runnable import RunnableRule
from codemods.exports.signatures import constant, dictionary
from codemods.rule import Draft
from codemods.site import Guidance, Outcome
from codemods.source.arguments import bound_arguments
from codemods.source.module import Module

_EXPORTS = ("tensorflow.saved_model.Builder", "tensorflow.saved_model.simple_save")
CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"
_BUILD = "tensorflow.saved_model.build_signature_def"
_BUILDERS = {
    "tensorflow.saved_model.classification_signature_def": CLASSIFY,
    "tensorflow.saved_model.regression_signature_def": REGRESS,
}
_CONSTANTS = {
    "tensorflow.saved_model.CLASSIFY_METHOD_NAME": CLASSIFY,
    "tensorflow.saved_model.REGRESS_METHOD_NAME": REGRESS,
}
_KEYS = {
    "tensorflow.saved_model.CLASSIFY_INPUTS": "inputs",
    "tensorflow.saved_model.CLASSIFY_OUTPUT_CLASSES": "classes",
    "tensorflow.saved_model.CLASSIFY_OUTPUT_SCORES": "scores",
    "tensorflow.saved_model.REGRESS_INPUTS": "inputs",
    "tensorflow.saved_model.REGRESS_OUTPUTS": "outputs",
}
_OUTPUTS = {CLASSIFY: frozenset({"classes", "scores"}), REGRESS: frozenset({"outputs"})}


class MethodNames(RunnableRule):
    """Signatures whose method name is not predict."""

    id = "SM121"
    name = "method-names"
    summary = "classify and regress signatures keep their method names"
    why = "tf.saved_model.save writes tensorflow/serving/predict for every signature; some clients ask for the others."
    link = "https://github.com/tensorflow/tensorflow/issues/34968"
    guidance = Guidance.GLANCE
    tokens = (
        b"classification_signature_def",
        b"regression_signature_def",
        b"CLASSIFY_METHOD_NAME",
        b"REGRESS_METHOD_NAME",
        b"tensorflow/serving/classify",
        b"tensorflow/serving/regress",
    )
    examples = ()
    limits = (
        "The signature's code stays as it is: what exports it keeps the name.",
        "A file that exports through the shim already is not reported.",
    )

    def plan(self, module: Module) -> Iterator[Draft]:
        """Yield every construction of a classify or regress signature."""
        if module.program.self_contained or _exports_through_shim(module):
            return
        for call in module.calls:
            symbol = module.resolve_call(call)
            method = _method(module, call, symbol)
            if symbol is not None and method is not None:
                yield Draft(call, symbol, Outcome.SHIM, _reason(module, call, method))


def _exports_through_shim(module: Module) -> bool:
    """Whether the file is migrated: a builder or `simple_save` of the shim is in it, and none of TensorFlow's."""
    symbols = {module.resolve_call(call) or "" for call in module.calls}
    return any(symbol.startswith(f"{SHIM}.") for symbol in symbols) and symbols.isdisjoint(_EXPORTS)


def _method(module: Module, call: cst.Call, symbol: str | None) -> str | None:
    if symbol in _BUILDERS:
        return _BUILDERS[symbol]
    given = bound_arguments(call, ("inputs", "outputs", "method_name")) if symbol == _BUILD else None
    if given is None or "method_name" not in given:
        return None
    node = given["method_name"].value
    name = _CONSTANTS.get(module.resolve(node) or "") or constant(module, node)
    return name if name in (CLASSIFY, REGRESS) else None


def _reason(module: Module, call: cst.Call, method: str) -> str:
    kept = f"the code stays, and the shim that exports it writes the method name {method}"
    given = bound_arguments(call, ("inputs", "outputs", "method_name"))
    if given is None or module.resolve_call(call) in _BUILDERS:
        return kept
    inputs, outputs = _known_keys(module, given.get("inputs")), _known_keys(module, given.get("outputs"))
    if inputs is not None and inputs != {"inputs"}:
        return f"{kept}; TensorFlow Serving wants the one input key `inputs` for it, not {_listed(inputs)}"
    if outputs is not None and not outputs <= _OUTPUTS[method]:
        return f"{kept}; TensorFlow Serving allows the output keys {_listed(_OUTPUTS[method])}, not {_listed(outputs)}"
    return kept


def _known_keys(module: Module, given: cst.Arg | None) -> frozenset[str] | None:
    entries = dictionary(module, given.value) if given is not None else None
    if entries is None:
        return None
    keys = [_KEYS.get(module.resolve(key) or "") or constant(module, key) for key, _ in entries]
    return frozenset(key for key in keys if key is not None) if None not in keys else None


def _listed(keys: frozenset[str]) -> str:
    return ", ".join(f"`{key}`" for key in sorted(keys))
