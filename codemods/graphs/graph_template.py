"""The code of the class that serves an imported graph, and the parts that all classes that serve graphs share."""

from __future__ import annotations


def class_source(tf: str, name: str, unit: str, *, has_state: bool) -> str:
    """Return the class that serves an imported graph; `tf` spells TensorFlow, `unit` is one step of indentation."""
    source = _STATEFUL if has_state else _FROZEN
    return source.replace("ImportedGraph", name).replace("tf.", f"{tf}.").replace("    ", unit)


# Parts of a method that gets `inputs` and `outputs`, tensors by key, and has `self._graph_def` and `self.weights`.
REFUSE_OPTIONAL = """
        for key, tensor in inputs.items():
            if tensor.op.type == "PlaceholderWithDefault":
                raise ValueError(f"TF2 functions lose the default of {key}: export_session of tf1to2 keeps it.")"""
CUT = """
        needed = [tensor.op.name for tensor in (*inputs.values(), *outputs.values())]
        graph_def = tf.compat.v1.graph_util.extract_sub_graph(self._graph_def, needed)
        read = {name.split(":")[0] for node in graph_def.node for name in node.input}"""
LOAD = """

        def load():
            variables = {}
            for node in graph_def.node:
                if node.name in self.weights and node.name in read:
                    variable = self.weights[node.name]
                    is_resource = node.op == "VarHandleOp"
                    capture = tf.compat.v1.get_default_graph().capture
                    variables[node.name + ":0"] = capture(variable.handle) if is_resource else variable.read_value()
            tf.import_graph_def(graph_def, name="", input_map=variables)

        graph = tf.compat.v1.wrap_function(load, [])"""
SERVE = """
        feeds = [tensor.name for tensor in inputs.values()]
        pruned = graph.prune(feeds, {key: tensor.name for key, tensor in outputs.items()})
        specs = [tf.TensorSpec(tensor.shape, tensor.dtype.base_dtype, name=key) for key, tensor in inputs.items()]

        @tf.function(input_signature=specs)
        def serve(*tensors):
            results = pruned(*tensors)
            for key, tensor in outputs.items():
                results[key].set_shape(tensor.shape)
            return results

        return serve
"""
_FROZEN = f'''class ImportedGraph(tf.Module):
    """Serves an imported graph: each signature feeds some of its tensors and returns others."""

    def __init__(self, graph):
        super().__init__()
        self._graph_def = graph.as_graph_def(add_shapes=True)
        for node in self._graph_def.node:
            node.device = ""  # a device of the machine that wrote the graph

    def signature(self, inputs, outputs):{REFUSE_OPTIONAL}
        graph = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(self._graph_def, name=""), []){SERVE}'''
_STATEFUL = f'''class ImportedGraph(tf.Module):
    """Serves an imported graph and its variables: each signature feeds some tensors and returns others."""

    def __init__(self, graph, values):
        super().__init__()
        self._graph_def = graph.as_graph_def(add_shapes=True)
        for node in self._graph_def.node:
            node.device = ""  # a device of the machine that wrote the graph
        self.weights = {{name: tf.Variable(value, name=name) for name, value in values.items()}}

    def signature(self, inputs, outputs):{REFUSE_OPTIONAL}{CUT}{LOAD}{SERVE}'''
