"""`simple_save` of a live session becomes `migrate.shim.export_session`.

`tf.saved_model.simple_save` still exists as `tf.compat.v1.saved_model.simple_save`, but writes the TF1 format: its
variables are invisible to `tf.saved_model.load`. The shim takes the same session, path and tensors and writes a TF2
SavedModel with the same signature. Where the graph is built beside the export and restored from a checkpoint for
nothing else, a `tf.Module` builds it from the same source instead. With `--self-contained`, where all code that builds
the graph is in reach and makes nothing but ops and weights, a class in the file serves the session's graph as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.edit.edits import Edit
from codemods.edit.shim_names import SHIM_TRACE, shim_import
from codemods.edit.small_edits import rename_function, rename_keyword
from codemods.engine.runnable import RunnableRule
from codemods.exports.handed_on import KEPT_AS_VALUES, handed_on
from codemods.exports.session_exports import OVERWRITES
from codemods.graphs.restored_code import RESTORED_TRACE
from codemods.graphs.restored_drafts import restored_drafts
from codemods.graphs.session_drafts import SELF_CONTAINED, session_graph_drafts
from codemods.graphs.session_graphs import GraphOrigin
from codemods.graphs.session_template import SESSION_TRACE
from codemods.rule import Draft, Example
from codemods.site import Guidance, Outcome
from codemods.source.arguments import argument, has_star
from codemods.source.module import Module
from codemods.source.nodes import root_names

SYMBOL = "tensorflow.saved_model.simple_save"


class SimpleSave(RunnableRule):
    """Exports through `simple_save`."""

    id = "SM101"
    name = "simple-save"
    summary = "simple_save of a session becomes an export of a TF2 SavedModel"
    why = "simple_save writes the TF1 SavedModel format, whose variables TensorFlow 2 neither lists nor saves again."
    link = "https://www.tensorflow.org/guide/migrate/saved_model"
    guidance = Guidance.GLANCE
    tokens = (b"simple_save",)
    traces = (SHIM_TRACE, SESSION_TRACE, RESTORED_TRACE)
    examples = (
        Example(
            before="import tensorflow as tf\n\nwith tf.Session() as sess:\n    train(sess)\n"
            '    tf.saved_model.simple_save(sess, path, inputs={"x": x}, outputs={"y": y})\n',
            after="import tensorflow as tf\nfrom migrate.shim import export_session\n\nwith tf.Session() as sess:\n"
            '    train(sess)\n    export_session(sess, path, inputs={"x": x}, outputs={"y": y})\n',
        ),
    )
    limits = (
        KEPT_AS_VALUES,
        OVERWRITES,
        SELF_CONTAINED,
    )

    def plan(self, module: Module) -> Iterator[Draft]:
        """Yield every call of `simple_save`, and every place that hands it on."""
        others = {**session_graph_drafts(module, GraphOrigin.IN_REACH, SYMBOL), **restored_drafts(module, SYMBOL)}
        for call in module.calls:
            if module.resolve_call(call) == SYMBOL:
                if call in others:
                    yield others[call]
                yield self._draft(module, call)
        yield from handed_on(module, SYMBOL, "simple_save")

    def _draft(self, module: Module, call: cst.Call) -> Draft:
        # Stored keyword arguments name the session as TF1 did: the shim has a function with those parameters.
        spelled = shim_import(module, "simple_save" if has_star(call) else "export_session")
        edits = list(rename_function(module, call, spelled.bound_name))
        edits.extend(_renamed_keywords(module, call))
        return Draft(
            node=call,
            symbol=SYMBOL,
            outcome=Outcome.SHIM,
            reason="the session is live here: the shim exports what it holds as a TF2 SavedModel, same signature",
            edits=tuple(edits),
            imports=(spelled,),
            freed=root_names(call.func),
            packages=frozenset({"tf1to2"}),
        )


def _renamed_keywords(module: Module, call: cst.Call) -> Iterator[Edit]:
    session = argument(call, "session")
    if session is not None and session.keyword is not None and not has_star(call):
        yield rename_keyword(module, session, "sess")
