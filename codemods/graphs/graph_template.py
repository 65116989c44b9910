"""The code of the function that serves an imported graph, and the parts that all code that serves graphs shares."""

from __future__ import annotations

from codemods.edit.traces import Trace

_DOCSTRING = "Makes a function of an imported graph that feeds the inputs, its tensors by key, and returns the outputs."
IMPORTED_TRACE = Trace(_DOCSTRING.encode())


def function_source(tf: str, name: str, unit: str) -> str:
    """Return the function that makes signatures of a graph; `tf` spells TensorFlow, `unit` is one step of indentation.

    It is native code, so it must be short: see `codemods.engine.weighing.NATIVE_LINES`.
    """
    return _SOURCE.replace("imported_function", name).replace("tf.", f"{tf}.").replace("    ", unit)


# Parts of a function that gets `inputs` and `outputs`, tensors by key; the last also `graph`, a wrapped function.
REFUSE_OPTIONAL = """
    for key, tensor in inputs.items():
        if tensor.op.type == "PlaceholderWithDefault":
            raise ValueError(f"TF2 functions lose the default of {key}: export_session of tf1to2 keeps it.")"""
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
_SOURCE = f'''def imported_function(graph, inputs, outputs):
    """{_DOCSTRING}"""
    graph_def = graph.as_graph_def(add_shapes=True)
    for node in graph_def.node:
        node.device = ""  # a device of the machine that wrote the graph{REFUSE_OPTIONAL}
    wrapped = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph_def, name=""), []){SERVE}'''
