"""What the object graph of a TF2 SavedModel says: which functions `tf.saved_model.load` calls, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from migrate.verify.graph_view import Found, Frame, GraphView, Leaf, LeafKind, Tensor


@dataclass(frozen=True, slots=True)
class WrittenSignature:
    """A signature as a function: the name of each argument, and of each output."""

    function: str
    arguments: tuple[str, ...]
    outputs: tuple[str, ...]


class WrittenObjects:
    """The objects of one MetaGraphDef; all is empty where it has none."""

    def __init__(self, meta_graph: Any) -> None:
        self._meta_graph = meta_graph
        self._graph = meta_graph.object_graph_def
        self._nodes = self._graph.nodes

    def children(self, node: int) -> dict[str, int]:
        """Return the children of an object by their names; the root is 0."""
        if node >= len(self._nodes):
            return {}
        return {child.local_name: child.node_id for child in self._nodes[node].children}

    def named(self, node: int, name: str) -> tuple[int, ...]:
        """Return the members of the list that a child is, in order; none where there is no such child."""
        child = self.children(node).get(name)
        members = self.children(child) if child is not None else {}
        return tuple(members[key] for key in sorted(members, key=lambda key: (len(key), key)))

    def variables(self) -> Iterator[tuple[int, str]]:
        """Yield every variable with its TF1 name."""
        for number, node in enumerate(self._nodes):
            if node.WhichOneof("kind") == "variable":
                yield number, node.variable.name.removesuffix(":0")

    def trainable(self) -> Iterator[tuple[str, bool]]:
        """Yield every variable's name, and whether it is trainable."""
        for number, name in self.variables():
            yield name, bool(self._nodes[number].variable.trainable)

    def variable_name(self, node: int) -> str | None:
        """Return the name of a variable, None for other objects."""
        is_variable = self._nodes[node].WhichOneof("kind") == "variable"
        return str(self._nodes[node].variable.name.removesuffix(":0")) if is_variable else None

    def signatures(self) -> Mapping[str, WrittenSignature]:
        """Return the functions behind the signatures by key."""
        found = {}
        for key, number in self.children(self.children(0).get("signatures", len(self._nodes))).items():
            bare = self._nodes[number].bare_concrete_function
            concrete = self._graph.concrete_functions.get(bare.concrete_function_name)
            if concrete is not None:
                outputs = concrete.output_signature.dict_value.fields
                found[key] = WrittenSignature(
                    bare.concrete_function_name, tuple(bare.argument_keywords), tuple(sorted(outputs))
                )
        return found

    def functions_of(self, node: int) -> dict[str, str]:
        """Return the concrete function of each function that is a child of an object, by name."""
        found = {}
        for name, number in self.children(node).items():
            child = self._nodes[number]
            names = list(child.function.concrete_functions) or [child.bare_concrete_function.concrete_function_name]
            if names[0]:
                found[name] = str(names[0])
        return found

    def frame(self, view: GraphView, function: str, given: tuple[Found, ...] = ()) -> Frame:
        """Return a function as it is called when the model is loaded: the arguments, then what it captured."""
        captured = self._graph.concrete_functions[function].bound_inputs
        return Frame(function, (*given, *(self._leaf(view, number) for number in captured)))

    def _leaf(self, view: GraphView, number: int) -> Found:
        node = self._nodes[number]
        match node.WhichOneof("kind"):
            case "variable":
                return Leaf(LeafKind.VARIABLE, frozenset({node.variable.name.removesuffix(":0")}))
            case "asset":
                asset = self._meta_graph.asset_file_def[node.asset.asset_file_def_index]
                return Leaf(LeafKind.ASSET, frozenset({asset.filename}))
            case "constant":
                return Tensor(view.graph, node.constant.operation, 0)
            case "resource" if (scratch := self._scratch_variable(view, number)) is not None:
                return Leaf(LeafKind.VARIABLE, frozenset({scratch}))
            case _:
                return Leaf(LeafKind.TABLE, frozenset({object_table(number)}))

    def _scratch_variable(self, view: GraphView, number: int) -> str | None:
        """Return the name of a variable without a stored value, which is a resource that is made at every load."""
        if number not in self.named(0, "scratch_variables"):
            return None
        creator = self.functions_of(number).get("_create_resource", "")
        handles = [node for node in view.nodes(creator).values() if node.op == "VarHandleOp"] if creator else []
        return str(handles[0].name) if handles else None


def object_table(number: int) -> str:
    """Return how an object that is a table is called as a leaf."""
    return f"object {number}"


def object_number(table: str) -> int | None:
    """Return the object of a leaf's name, None for a table that is none: functions can make their own."""
    kind, _, number = table.partition(" ")
    return int(number) if kind == "object" and number.isdigit() else None
