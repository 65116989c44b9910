"""`SavedModelBuilder` becomes the builder of `migrate.shim`: same methods, but it writes a TF2 SavedModel.

The builder's constructor, adds and `save()` often stand at three levels of nesting, in different methods, or under
conditions. The shim's builder takes the same calls in the same order, so every statement stays in its place. With
`--self-contained`, where the calls stand together, and all code that builds the graph is in reach and makes nothing but
ops and weights, a class in the file serves the session's graph as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from codemods.edit.shim_names import SHIM_TRACE, shim_import
from codemods.edit.small_edits import rename_function
from codemods.engine.runnable import RunnableRule
from codemods.exports.builders import BUILDER, BuilderUse, builder_use, builder_uses, lacks_signature
from codemods.exports.handed_on import KEPT_AS_VALUES, handed_on
from codemods.exports.session_exports import OVERWRITES
from codemods.graphs.restored_code import RESTORED_TRACE
from codemods.graphs.restored_drafts import restored_drafts
from codemods.graphs.session_drafts import SELF_CONTAINED, session_graph_drafts
from codemods.graphs.session_graphs import GraphOrigin
from codemods.graphs.session_template import SESSION_TRACE
from codemods.rule import Draft, Example
from codemods.site import Guidance, Outcome
from codemods.source.module import Module
from codemods.source.nodes import root_names


class SavedModelBuilder(RunnableRule):
    """Exports through `SavedModelBuilder`."""

    id = "SM102"
    name = "saved-model-builder"
    summary = "SavedModelBuilder of a session becomes a builder that writes a TF2 SavedModel"
    why = "SavedModelBuilder writes the TF1 SavedModel format, whose variables TensorFlow 2 neither lists nor saves."
    link = "https://www.tensorflow.org/guide/migrate/saved_model"
    guidance = Guidance.GLANCE
    tokens = (
        b"SavedModelBuilder",
        b".Builder",
        b"import Builder",
        b"(Builder",
        b" Builder,",
        b", Builder",
        b"'Builder'",
        b'"Builder"',
    )
    traces = (SHIM_TRACE, SESSION_TRACE, RESTORED_TRACE)
    examples = (
        Example(
            before="import tensorflow as tf\n\nbuilder = tf.saved_model.builder.SavedModelBuilder(path)\n"
            "with tf.Session() as sess:\n    train(sess)\n"
            "    builder.add_meta_graph_and_variables(sess, tags, signature_def_map=signatures)\nbuilder.save()\n",
            after="import tensorflow as tf\nfrom migrate.shim import SavedModelBuilder\n\n"
            "builder = SavedModelBuilder(path)\n"
            "with tf.Session() as sess:\n    train(sess)\n"
            "    builder.add_meta_graph_and_variables(sess, tags, signature_def_map=signatures)\nbuilder.save()\n",
        ),
    )
    limits = (
        "A builder that gets no signature is left alone: without one a TF2 SavedModel cannot be called by name, and "
        "none is invented.",
        KEPT_AS_VALUES,
        OVERWRITES,
        SELF_CONTAINED,
    )

    def plan(self, module: Module) -> Iterator[Draft]:
        """Yield every construction of a builder, and every place that hands on or derives from the class."""
        others = {**session_graph_drafts(module, GraphOrigin.IN_REACH, BUILDER), **restored_drafts(module, BUILDER)}
        for use in builder_uses(module):
            if use.constructor in others:
                yield others[use.constructor]
            yield self._draft(module, use)
        yield from handed_on(module, BUILDER, "SavedModelBuilder", lambda call: _obstacle(builder_use(module, call)))

    def _draft(self, module: Module, use: BuilderUse) -> Draft:
        claims = (*use.adds, *use.saves)
        reason = _obstacle(use)
        if reason is not None:
            return Draft(use.constructor, BUILDER, Outcome.MANUAL, reason, claims=claims, guidance=Guidance.REVIEW)
        new = shim_import(module, "SavedModelBuilder")
        return Draft(
            node=use.constructor,
            symbol=BUILDER,
            outcome=Outcome.SHIM,
            reason="the session is live here: the shim's builder takes the same calls and writes a TF2 SavedModel",
            edits=tuple(rename_function(module, use.constructor, new.bound_name)),
            imports=(new,),
            freed=root_names(use.constructor.func),
            packages=frozenset({"tf1to2"}),
            claims=claims,
        )


def _obstacle(use: BuilderUse) -> str | None:
    """Return why what a builder exports can be no TF2 SavedModel, None where it can."""
    if use.adds and all(lacks_signature(add) for add in use.adds):
        return (
            "it exports no signature: name the input and output tensors in a signature_def_map first, "
            "then run again; none is invented here"
        )
    return None
