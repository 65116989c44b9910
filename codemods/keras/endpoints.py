"""The code that serves a Keras model natively: an endpoint for each signature, and what writes them."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from codemods.edit.layout import free_name, string_literal
from codemods.edit.traces import LEGACY_KERAS_PACKAGE, Trace
from codemods.exports.signatures import constant
from codemods.keras.models import ModelEnd, ModelTensor
from codemods.source.module import Module
from codemods.source.nodes import dotted

ENDPOINT_TRACE = Trace(
    b".inputs[",
    re.compile(
        rb"function\(input_signature=\[[\s\"\\n,]*[\w.]+\.TensorSpec\(([\w.]+\.inputs\[\d+\])\.shape, \1\.dtype, name="
    ),
    packages=frozenset({LEGACY_KERAS_PACKAGE}),
    is_export=True,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A signature of the model: its keys as code. `outputs` None stands for the tensors' own names."""

    key: str
    is_default: bool
    name: str
    inputs: tuple[ModelTensor, ...]
    outputs: tuple[ModelTensor, ...] | None


def export_code(
    module: Module, endpoints: list[Endpoint], path: str, tf: str, unit: str, blank_lines: int
) -> Iterator[str]:
    """Yield the statements that export one model; `path` is code, `tf` spells TensorFlow, `unit` is one indent."""
    model = dotted(endpoints[0].inputs[0].model) or ""
    gap = "\n" * blank_lines
    for endpoint in endpoints:
        before, function = _endpoint_code(module, endpoint, model, tf, unit)
        yield from before
        yield (gap if before else "") + function + gap
    if any(endpoint.is_default for endpoint in endpoints):
        archive = free_name(module, "archive")
        yield f"{archive} = {tf}.keras.export.ExportArchive()"
        yield f"{archive}.track({model})"
        for endpoint in endpoints:
            yield f"{archive}.add_endpoint({endpoint.key}, {endpoint.name})"
        yield f"{archive}.write_out({path})"
        return
    exported = free_name(module, "exported")
    signatures = ", ".join(f"{endpoint.key}: {endpoint.name}" for endpoint in endpoints)
    yield f"{exported} = {tf}.Module()  # not an ExportArchive: that would add a serving_default"
    yield f"{exported}.weights = {model}.weights"
    yield f"{tf}.saved_model.save({exported}, {path}, signatures={{{signatures}}})"


def _endpoint_code(module: Module, endpoint: Endpoint, model: str, tf: str, unit: str) -> tuple[list[str], str]:
    """Return the code before an endpoint, and its function."""
    taken = {model.split(".")[0], tf, "outputs"}
    arguments: list[str] = []
    specs: list[str] = []
    for tensor in endpoint.inputs:
        key = constant(module, tensor.key)
        argument = re.sub(r"\W", "_", key) if key is not None else "tensor"
        argument = argument if argument.isidentifier() else f"input_{argument}"
        while argument in taken or hasattr(builtins, argument):
            argument += "_"
        taken.add(argument)
        arguments.append(argument)
        source = f"{model}.inputs[{tensor.index}]"
        specs.append(f"{tf}.TensorSpec({source}.shape, {source}.dtype, name={_key(module, tensor.key)})")
    ordered = [argument for _, argument in sorted(zip((t.index for t in endpoint.inputs), arguments, strict=True))]
    fed = ordered[0] if len(ordered) == 1 else f"[{', '.join(ordered)}]"
    before, body = _returned(module, endpoint, model, fed, tf, unit)
    listed = ", ".join(specs) if len(specs) == 1 else "\n" + "".join(f"{unit}{spec},\n" for spec in specs)
    body_lines = "\n".join(f"{unit}{line}" for line in body)
    head = f"@{tf}.function(input_signature=[{listed}])\ndef {endpoint.name}({', '.join(arguments)}):"
    return before, f"{head}\n{body_lines}"


def _returned(
    module: Module, endpoint: Endpoint, model: str, fed: str, tf: str, unit: str
) -> tuple[list[str], list[str]]:
    """Return the code before the endpoint and its body."""
    call = f"{model}(" + fed + ", training=False)"
    if endpoint.outputs is None:
        return _name_check(model, tf, unit), [
            f"outputs = {tf}.nest.flatten({call})",
            f"return {{tensor.name: output for tensor, output in zip({model}.outputs, outputs)}}",
        ]
    parts = {tensor.part for tensor in endpoint.outputs}
    if parts == {ModelEnd.WHOLE} and len(endpoint.outputs) == 1:
        return [], [f"return {{{_key(module, endpoint.outputs[0].key)}: {call}}}"]
    if parts in ({ModelEnd.LISTED}, {ModelEnd.ITEM}):
        items = ", ".join(f"{_key(module, t.key)}: outputs[{t.index}]" for t in endpoint.outputs)
        whole = f"{tf}.nest.flatten({call})" if parts == {ModelEnd.LISTED} else call
        return [], [f"outputs = {whole}", f"return {{{items}}}"]
    predictor = free_name(module, "predictor")
    items = ", ".join(f"{_key(module, t.key)}: {module.code(t.code)}" for t in endpoint.outputs)
    call = f"{predictor}({fed}, training=False)"
    return [f"{predictor} = {tf}.keras.Model({model}.inputs, {{{items}}})"], [f"return {call}"]


def _name_check(model: str, tf: str, unit: str) -> list[str]:
    """Return the code that stops where a tensor's name may differ from the one that TensorFlow 1 gave it."""
    return [
        "# For these layers, called once, Keras names the output as it did in TensorFlow 1.\n"
        f"for tensor in {model}.outputs:\n"
        f"{unit}layer = tensor.node.layer\n"
        f"{unit}if type(layer) not in ({tf}.keras.layers.Dense, {tf}.keras.layers.Activation) "
        "or len(layer.inbound_nodes) > 1:\n"
        f'{unit * 2}raise ValueError(f"the output key that clients know cannot be told from {{tensor.name}}")'
    ]


def _key(module: Module, key: cst.BaseExpression) -> str:
    known = constant(module, key)
    if known is not None and not isinstance(key, (cst.SimpleString, cst.Name)):
        return string_literal(module, known)
    return module.code(key)
