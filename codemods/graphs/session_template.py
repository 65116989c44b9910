"""The code that writes what a session holds as a TF2 SavedModel, in plain TensorFlow: a class and a function.

It runs in graph mode: the variables live in a graph of their own, with a session of its own, while it is written.
"""

from __future__ import annotations

from codemods.graphs.graph_template import CUT, LOAD, REFUSE_OPTIONAL, SERVE


def session_graph_source(tf: str, class_name: str, function_name: str, unit: str) -> str:
    """Return the source; `tf` spells `tensorflow.compat.v1`, `unit` is one step of indentation."""
    source = _SOURCE.replace("ServedGraph", class_name).replace("save_graph", function_name)
    return source.replace("tf.", f"{tf}.").replace("    ", unit)


_SOURCE = (
    '''class ServedGraph(tf.Module):
    """Serves what a session's graph computes, with the values that its variables have in the session."""

    def __init__(self, graph, variables, values):
        super().__init__()
        self._graph_def = graph.as_graph_def(add_shapes=True)
        trained = {variable.op.name for variable in graph.get_collection("trainable_variables")}
        self.weights = {}
        for name, variable in variables.items():
            unset = tf.zeros(getattr(values[name], "shape", ()), variable.dtype.base_dtype)
            self.weights[name] = tf.Variable(unset, trainable=name in trained, name=name, use_resource=True)

    def signature(self, inputs, outputs):
        for key, tensor in (*inputs.items(), *outputs.items()):
            if tensor.op.name in self.weights:
                raise ValueError(f"{key} is a variable: export the tf.identity of it.")'''
    + REFUSE_OPTIONAL
    + CUT
    + """
        bodies = [node for function in graph_def.library.function for node in function.node_def]
        for node in (*graph_def.node, *bodies):
            if node.name not in self.weights and node.op.startswith(self._not_served):
                raise ValueError(f"{node.name} ({node.op}) holds or changes what is no weight: it cannot be served.")
        for node in graph_def.node:
            node.device = ""  # a device of the machine that built the graph
            if node.op.startswith("Ref") and node.op != "RefSelect":
                node.op = node.op[3:]  # nothing assigns to the variable that it hands on"""
    + LOAD
    + SERVE
    + '''
    # What the variables' values do not bring along; the ops that read tables, queues and files stand for these.
    _not_served = ("VarHandleOp", "VariableV2", "Assign", "Lookup", "Iterator", "Queue", "Reader", "PyFunc", "EagerPy")


def save_graph(session, export_dir, signatures):
    """Writes a session's graph as a TF2 SavedModel; `signatures` has inputs and outputs by signature key."""
    export_dir = tf.compat.as_str_any(export_dir)
    if tf.gfile.Exists(export_dir) and tf.gfile.ListDirectory(export_dir):
        raise AssertionError(f"Export directory already exists, and isn't empty: {export_dir}")
    variables = {variable.op.name: variable for variable in session.graph.get_collection("variables")}
    values = session.run(variables) if variables else {}
    with tf.Graph().as_default(), tf.Session() as writing:
        served = ServedGraph(session.graph, variables, values)
        functions = {key: served.signature(inputs, outputs) for key, (inputs, outputs) in signatures.items()}
        fed = {variable.initializer.inputs[1]: values[name] for name, variable in served.weights.items()}
        writing.run(tf.global_variables_initializer(), fed)  # as constants, large weights would not fit into the graph
        tf.saved_model.save(served, export_dir, signatures=functions)
'''
).replace("tf.compat.v1.", "tf.")
