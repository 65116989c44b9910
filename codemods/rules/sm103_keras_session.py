"""A Keras model exported from its session becomes an `ExportArchive` endpoint with the same keys.

`model.export(path)` alone would not do: it names the input after the layer and the output `output_0`. The endpoint's
`TensorSpec` carries the old input key and the returned dict the old output keys. The model runs with `training=False`,
as it did under learning phase 0 or none. Keras stays Keras 2 (`tf_keras`): Keras 3 does not read many `.h5` files of
TensorFlow 1.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator

import libcst as cst

from codemods.compat.v1_spelling import spelled_out
from codemods.edit.edits import Edit
from codemods.edit.layout import free_name, indent_at, indent_unit, newline_of, string_literal
from codemods.edit.lines import in_place_of, lines, names_in
from codemods.edit.statements import Replacement
from codemods.edit.tensorflow_names import Api, NoSpelling, has_only_v1, spelling
from codemods.engine.runnable import RunnableRule
from codemods.exports.input_keys import is_input_key
from codemods.exports.session_exports import (
    OVERWRITES,
    SessionExport,
    is_tables_initializer,
    own_statement,
    same_value,
    session_exports,
)
from codemods.exports.signatures import PREDICT_DEF, SIGNATURE_DEF, TENSOR_INFO, constant
from codemods.graphs.session_drafts import session_graph_drafts
from codemods.graphs.session_graphs import GraphOrigin
from codemods.graphs.session_template import SESSION_TRACE
from codemods.keras.endpoints import ENDPOINT_TRACE, Endpoint, export_code
from codemods.keras.models import (
    ModelEnd,
    ModelTensor,
    is_only_model,
    keras_name,
    model_tensors,
    named_outputs,
    phase_calls,
    predicts,
)
from codemods.keras.sessions import (
    is_foreign_session,
    phase_statement,
    session_block,
    session_statement,
    uses_session,
    without_header,
)
from codemods.rule import Draft, Example
from codemods.site import Guidance, Outcome
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.nodes import dotted, walk
from codemods.source.tensorflow_uses import tensorflow_uses

_DEFAULT = "serving_default"
_NAMES = ("keras.export.ExportArchive", "function", "TensorSpec", "Module", "saved_model.save")


class KerasSession(RunnableRule):
    """Exports of Keras models from a session."""

    id = "SM103"
    name = "keras-session"
    summary = "A Keras model exported from its session becomes an ExportArchive endpoint with the same keys"
    why = (
        "TensorFlow 2 has no Keras session; an endpoint exports the model itself and keeps the names that clients use."
    )
    link = "https://keras.io/api/models/model_saving_apis/export/"
    guidance = Guidance.REVIEW
    tokens = (b"get_session",)
    traces = (ENDPOINT_TRACE, SESSION_TRACE)
    precedence = 10
    examples = (
        Example(
            before="import tensorflow as tf\nfrom tensorflow.keras import backend as K\n\n"
            "model = tf.keras.models.load_model(source)\nwith K.get_session() as sess:\n"
            '    tf.saved_model.simple_save(sess, path, inputs={"x": model.input}, outputs={"y": model.output})\n',
            after="import tensorflow as tf\n\nmodel = tf.keras.models.load_model(source)\n\n\n"
            '@tf.function(input_signature=[tf.TensorSpec(model.inputs[0].shape, model.inputs[0].dtype, name="x")])\n'
            'def serving_default(x):\n    return {"y": model(x, training=False)}\n\n\n'
            "archive = tf.keras.export.ExportArchive()\narchive.track(model)\n"
            'archive.add_endpoint("serving_default", serving_default)\narchive.write_out(path)\n',
        ),
    )
    limits = (
        "In graph mode the session stays, and the shim exports it with what stands before and behind the model.",
        "In eager mode pre- and post-processing in the graph around the model stays with the shim.",
        "A model built under learning phase 1 stays with the shim: its dropout is part of what is exported.",
        "Output keys from `t.name` are checked at run time: it stops where Keras 2 may name a tensor otherwise.",
        OVERWRITES,
    )

    def plan(self, module: Module) -> Iterator[Draft]:
        """Yield the exports of models' inputs and outputs from a Keras session."""
        if module.program.mode is not Mode.EAGER:
            yield from session_graph_drafts(module, GraphOrigin.KERAS).values()
            return
        for export in session_exports(module):
            draft = _draft(module, export)
            if draft is not None:
                yield draft


def _draft(module: Module, export: SessionExport) -> Draft | None:
    if export.init_op is not None and not is_tables_initializer(module, export.init_op):
        return None
    block = session_block(module, export.session)
    if block is False:
        return None
    endpoints = _endpoints(module, export)
    if not endpoints:
        return None
    model = endpoints[0].inputs[0].model
    writing = own_statement(module, export.writing)
    if writing is None or not predicts(module, model, export.node):
        return None
    statements = [own_statement(module, call) for call in export.calls]
    gone = [statement for statement in (*statements, *export.spent) if statement is not None]
    gone += [statement for call in phase_calls(module) if (statement := phase_statement(module, call)) is not None]
    gone += [statement for call in module.calls if (statement := session_statement(module, call)) is not None]
    kept = _kept(module, export, endpoints)
    moved = {id(node) for expression in kept for node in walk(expression)}
    spelled = spelled_out(module, [use for use in tensorflow_uses(module) if id(use.node) in moved])
    change = Replacement(module, gone, kept, spelled)
    if not _nothing_left(module, export, change) or not all(same_value(module, node, writing) for node in kept):
        return None
    edits: list[Edit] = []
    comments: list[str] = []
    anchor: cst.CSTNode = writing
    if isinstance(block, cst.With):
        if all(statement in change.gone for statement in block.body.body):
            change.drop(block)
            anchor = block if block in module.ancestors(writing) else writing
        elif any(uses_session(module, export.session, statement, change) for statement in block.body.body):
            return None
        else:
            edits.extend(without_header(module, block, change))
            header = block.body.header.comment if isinstance(block.body, cst.IndentedBlock) else None
            comments += [header.value] if header is not None else []
    tf = spelling(module, module.tree, *_NAMES, api=Api.V2)
    if isinstance(tf, NoSpelling) or has_only_v1(module):
        return None
    indent = indent_at(module, block if isinstance(block, cst.With) and block in module.ancestors(anchor) else anchor)
    newline, unit = newline_of(module), indent_unit(module)
    blank_lines = 1 if indent else 2
    export_lines = export_code(module, endpoints, change.text(export.path), tf.code, unit, blank_lines)
    code = [*comments, *change.comments([anchor]), *export_lines]
    offset = module.line_start(module.start(anchor))
    wanted = 2 if not indent and code[0].startswith("@") else 1
    gap = newline * max(0, wanted - _blank_lines(module, offset, change.spans()))
    edits.append(in_place_of(module, anchor, gap + lines(indent, newline, *code).lstrip("\r\n")))
    edits.extend(change.edits([anchor]))
    return Draft(
        node=export.node,
        symbol=export.symbol,
        outcome=Outcome.NATIVE,
        reason=_reason(module, export, endpoints),
        edits=tuple(dict.fromkeys(edits)),
        imports=tf.imports,
        wants_v2=tf.api is Api.V2,
        freed=change.freed() | names_in(block.items if isinstance(block, cst.With) else ()),
        packages=frozenset({"tf-keras"}),
        claims=export.calls[1:],
    )


def _endpoints(module: Module, export: SessionExport) -> list[Endpoint]:
    """Return what to serve; empty where a signature holds more than inputs and outputs of one model."""
    endpoints: list[Endpoint] = []
    for signature in export.signatures:
        key = _DEFAULT if signature.key is None else constant(module, signature.key)
        inputs = model_tensors(module, signature.inputs, ("input", "inputs"))
        named = named_outputs(module, signature.outputs)
        outputs = model_tensors(module, signature.outputs, ("output", "outputs")) if named is None else None
        if inputs is None or (outputs is None and named is None) or not _are_all_inputs(inputs):
            return []
        if named is not None and not is_only_model(module, named):
            return []
        models = {dotted(tensor.model) for tensor in (*inputs, *(outputs or ()))} | (
            {dotted(named)} if named else set()
        )
        if len(models) != 1 or not all(_is_argument(module, tensor.key) for tensor in inputs):
            return []
        code = string_literal(module, key) if key is not None else module.code(signature.key or signature.inputs)
        wanted = key if key is not None and key.isidentifier() and not keyword.iskeyword(key) else "serve"
        name = free_name(module, wanted)
        while any(other.name == name for other in endpoints):
            name += "_"
        endpoints.append(Endpoint(code, key == _DEFAULT, name, tuple(inputs), tuple(outputs) if outputs else None))
    if len({dotted(endpoint.inputs[0].model) for endpoint in endpoints}) != 1:
        return []
    return endpoints


def _are_all_inputs(inputs: list[ModelTensor]) -> bool:
    """Whether the tensors are inputs 0 to n of the model; `model.input[0]` alone would be a slice of its only input."""
    parts = {tensor.part for tensor in inputs}
    if parts == {ModelEnd.WHOLE}:
        return len(inputs) == 1
    if len(parts) != 1 or (parts == {ModelEnd.ITEM} and len(inputs) == 1):
        return False
    return sorted(tensor.index for tensor in inputs) == list(range(len(inputs)))


def _is_argument(module: Module, key: cst.BaseExpression) -> bool:
    """Whether an input key can name an argument in TensorFlow 2; a key that is not certain fails loudly there."""
    name = constant(module, key)
    return name is None or is_input_key(name)


def _kept(module: Module, export: SessionExport, endpoints: list[Endpoint]) -> list[cst.BaseExpression]:
    kept: list[cst.BaseExpression] = [export.path]
    for endpoint in endpoints:
        for tensor in (*endpoint.inputs, *(endpoint.outputs or ())):
            kept += [tensor.key, tensor.model, *([tensor.code] if tensor.part is ModelEnd.LAYER else [])]
    kept += [signature.key for signature in export.signatures if signature.key is not None]
    return kept


def _nothing_left(module: Module, export: SessionExport, change: Replacement) -> bool:
    """Whether no call stays that needs a graph: building the signature, or getting the session."""
    function = module.function(export.node)
    going = {id(node) for statement in change.gone for node in walk(statement)}
    for call in module.calls:
        name = module.resolve_call(call)
        is_signature = name in (PREDICT_DEF, SIGNATURE_DEF, TENSOR_INFO)
        is_session = keras_name(module, call.func) == "backend.get_session"
        if not (is_signature or is_session) or module.function(call) is not function or id(call) in going:
            continue
        block = module.enclosing(call, cst.With)
        if not (is_session and block is not None and any(item.item is call for item in block.items)):
            return False
    return True


def _blank_lines(module: Module, offset: int, gone: list[tuple[int, int]]) -> int:
    """Return how many blank lines stand above an offset; enough at a start (block, file, cell) or below a comment."""
    count, position = 0, offset
    while position > 0 and position not in module.cell_starts:
        above = module.line_start(position - 1)
        line = module.text[above:position].strip()
        if line and any(start < position and above < end for start, end in gone):
            position = above
            continue
        if line:
            return 2 if line.endswith(":") or line.startswith("#") else count
        count, position = count + 1, above
    return 2


def _reason(module: Module, export: SessionExport, endpoints: list[Endpoint]) -> str:
    reason = "the session is that of Keras and the signature holds ends of one model: the model itself is exported"
    if any(endpoint.outputs is None for endpoint in endpoints):
        reason += "; output keys are the tensors' names, which the program checks to be those of TensorFlow 1"
    if is_foreign_session(module, export, endpoints[0].inputs[0].model):
        reason += "; before Keras 2.3 the session of tf.keras held other weights than a model of standalone Keras"
    if phase_calls(module):
        reason += "; training=False takes the place of the learning phase"
    return reason
