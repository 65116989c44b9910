"""The code that writes what a session holds as a TF2 SavedModel, in plain TensorFlow: a class and a function.

It runs in graph mode: the variables live in a graph of their own, with a session of its own, while it is written.
"""

from __future__ import annotations

import textwrap

from codemods.edit.traces import Trace
from codemods.graphs.graph_template import SERVE
from codemods.source.mode import Mode

_DOCSTRING = "Serves what a session's graph computes, with the values that its variables have in the session."
SESSION_TRACE = Trace(_DOCSTRING.encode(), mode=Mode.GRAPH, is_export=True)


def session_graph_source(tf: str, class_name: str, function_name: str, unit: str) -> str:
    """Return the source; `tf` spells `tensorflow.compat.v1`, `unit` is one step of indentation."""
    source = _SOURCE.replace("ServedGraph", class_name).replace("save_graph", function_name)
    return source.replace("tf.", f"{tf}.").replace("    ", unit)


_SOURCE = (
    '''class ServedGraph(tf.Module):
    """'''
    + _DOCSTRING
    + '''"""

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
                raise ValueError(f"{key} is a variable: export the tf.identity of it.")
        for key, tensor in inputs.items():
            if tensor.op.type == "PlaceholderWithDefault":
                raise ValueError(f"TF2 functions lose the default of {key}: export_session of tf1to2 keeps it.")
        needed = [tensor.op.name for tensor in (*inputs.values(), *outputs.values())]
        graph_def = tf.graph_util.extract_sub_graph(self._graph_def, needed)
        self._own_functions(graph_def)
        read = {name.split(":")[0] for node in graph_def.node for name in node.input}
        bodies = [node for function in graph_def.library.function for node in function.node_def]
        for node in (*graph_def.node, *bodies):
            if node.name not in self.weights and node.op.startswith(self._not_served):
                raise ValueError(f"{node.name} ({node.op}) holds or changes what is no weight: it cannot be served.")
            node.device = ""  # a device of the machine that built the graph
            if "_gradient_op_type" in node.attr:  # a number that is good in this process alone
                node.attr["_gradient_op_type"].s = b"not saved: the custom gradient of " + node.name.encode()
        for node in graph_def.node:
            if node.op.startswith("Ref") and node.op != "RefSelect":
                node.op = node.op[3:]  # nothing assigns to the variable that it hands on

        def load():
            variables = {}
            for node in graph_def.node:
                if node.name in self.weights and node.name in read:
                    variable = self.weights[node.name]
                    is_resource = node.op == "VarHandleOp"
                    capture = tf.get_default_graph().capture
                    variables[node.name + ":0"] = capture(variable.handle) if is_resource else variable.read_value()
            tf.import_graph_def(graph_def, name="", input_map=variables)

        wrapped = tf.wrap_function(load, [])'''
    + textwrap.indent(SERVE, "    ")
    + '''
    def _own_functions(self, graph_def):
        """Leaves the functions that the graph calls, by new names: this process may know others by the old ones."""
        functions = {function.signature.name: function for function in self._graph_def.library.function}
        graph_def.ClearField("library")
        suffix = f"_{hash(self._graph_def.library.SerializeToString()) & (1 << 64) - 1:x}"
        copied, pending = set(), [graph_def.node]

        def own(name):
            if name in functions and name not in copied:
                copied.add(name)
                function = graph_def.library.function.add()
                function.CopyFrom(functions[name])
                function.signature.name += suffix
                pending.append(function.node_def)
            return name + suffix if name in functions else name

        for nodes in pending:
            for node in nodes:
                if node.op == "SymbolicGradient" and self._graph_def.library.gradient:
                    raise ValueError(f"{node.name} takes a gradient that TF2 loses: export_session of tf1to2 keeps it.")
                node.op = own(node.op)
                values = list(node.attr.values())
                for value in values:
                    for function in [value.func] if value.HasField("func") else value.list.func:
                        function.name = own(function.name)
                        values.extend(function.attr.values())

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
        options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
        tf.saved_model.save(served, export_dir, signatures=functions, options=options)
'''
)
