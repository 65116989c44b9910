"""The code of the function that serves an imported graph, and the parts that all code that serves graphs shares."""

from __future__ import annotations

from codemods.edit.traces import Trace

_DOCSTRING = "Makes a function of an imported graph that feeds the inputs, its tensors by key, and returns the outputs."
IMPORTED_TRACE = Trace(_DOCSTRING.encode(), is_export=True)


def function_source(tf: str, name: str, unit: str) -> str:
    """Return the function that makes signatures of a graph; `tf` spells TensorFlow, `unit` is one step of indentation.

    It is native code, so it must be short: see `codemods.engine.weighing.NATIVE_LINES`.
    """
    return _SOURCE.replace("imported_function", name).replace("tf.", f"{tf}.").replace("    ", unit)


# The part of functions that get `inputs` and `outputs`, tensors by key, and have a graph that is `wrapped`.
SERVE = """
    pruned = wrapped.prune([fed.name for fed in inputs.values()], {key: read.name for key, read in outputs.items()})

    @tf.function(input_signature=[tf.TensorSpec(x.shape, x.dtype.base_dtype, name=key) for key, x in inputs.items()])
    def serve(*tensors):
        results = pruned(*tensors)
        for key, tensor in outputs.items():
            results[key].set_shape(tensor.shape)
        return results

    return serve
"""
# The eager context, which outlives all graphs, takes no other function by a name that it knows.
_SOURCE = f'''def imported_function(graph, inputs, outputs):
    """{_DOCSTRING}"""
    graph_def = graph.as_graph_def(add_shapes=True)
    functions, suffix = graph_def.library.function, f"_{{hash(graph_def.library.SerializeToString()) & 0xFFFFFFFF:x}}"
    own = {{each.signature.name: each.signature.name + suffix for each in functions}}
    for node in [*graph_def.node, *(node for each in functions for node in each.node_def)]:
        node.op, node.device = own.get(node.op, node.op), ""  # no device of the machine that wrote the graph
        node.attr.pop("_gradient_op_type", None)  # custom gradients, whose code no graph holds
        for called in (f for value in node.attr.values() for f in (value.func, *value.list.func) if f.name in own):
            called.name = own[called.name]  # another graph's function may have the old name
    for each in functions:
        each.signature.name = own[each.signature.name]
    if any(tensor.op.type == "PlaceholderWithDefault" for tensor in inputs.values()):
        raise ValueError(f"TF2 functions lose the defaults of inputs ({{list(inputs)}}): export_session keeps them.")
    wrapped = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph_def, name=""), []){SERVE}'''
