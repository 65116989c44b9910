"""Compares the structure of two models: every constant, attribute, table and effect behind every signature.

Running both models shows what the requests reach. This shows the rest, without running anything: the graph that a
Session runs and the functions that `tf.saved_model.load` calls are walked back from every output, beside the original.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrate.errors import Tf1to2Error
from migrate.graph.partitions import Part
from migrate.graph.stand_ins import with_stand_ins
from migrate.graph.tensor_name import TensorName, parse_tensor, source_node
from migrate.legacy.collections import asset_tensors
from migrate.legacy.model import LegacyModel
from migrate.legacy.restore import read_restore_map
from migrate.legacy.state import VARIABLE_NODE_OPS, LegacyVariable, read_variables
from migrate.verify.graph_view import Frame, GraphView, Leaf, LeafKind, TooLargeError
from migrate.verify.object_root import compare_root
from migrate.verify.optional_inputs import compare_optional_inputs
from migrate.verify.original import legacy_model
from migrate.verify.restored_names import compare_restored
from migrate.verify.signature_tensors import SlotTensor, client_signatures, slot_tensors
from migrate.verify.structure_walk import Correspondence, Walk, is_rewrap
from migrate.verify.table_structure import TablePairs, compare_tables, table_leaf
from migrate.verify.written_objects import WrittenObjects, WrittenSignature, object_table

SESSION, FUNCTIONS = "the Session's graph", "the functions"


@dataclass(frozen=True, slots=True)
class Structure:
    """What differs, and what is worth knowing, one sentence each.

    Attributes:
        tables: the Session's table for each of the original's that signatures use, by the names of the leaves.
        objects: the place in the loaded model's list `tables` for each of the original's, likewise.
    """

    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tables: Mapping[str, str] = field(default_factory=dict)
    objects: Mapping[str, int] = field(default_factory=dict)


def compare_structure(old: Path, old_graph: Any, new: Path, new_graph: Any, *, is_only: bool) -> Structure:
    """Compare two MetaGraphDefs.

    Args:
        old: the original.
        old_graph: its MetaGraphDef.
        new: the new model.
        new_graph: its MetaGraphDef.
        is_only: whether `new` has no other. Only then `tf.saved_model.load` uses the functions.
    """
    try:
        legacy = legacy_model(old, frozenset(old_graph.meta_info_def.tags))
        comparison = _Comparison(legacy, new, new_graph)
        return comparison.compare(is_only=is_only)
    except TooLargeError:
        return Structure(notes=("not compared structurally: functions are called in too many ways",))
    except (Tf1to2Error, LookupError, ValueError, TypeError) as error:
        reason = str(error) if isinstance(error, Tf1to2Error) else f"{type(error).__name__}: {error}"
        if is_rewrap(new_graph.graph_def.library.function):
            # What a rewrap wrote of a model that it could read is compared whole, or something is wrong with either.
            return Structure(differences=(f"the structure of the two cannot be compared: {reason}",))
        # Other programs write protos in ways of their own: running them tells.
        return Structure(notes=(f"not compared structurally: {reason}",))


class _Comparison:
    def __init__(self, legacy: LegacyModel, new: Path, new_graph: Any) -> None:
        self._legacy = legacy
        self._meta_graph = legacy.meta_graph
        self._new_dir = new
        self._new_graph = new_graph
        self._objects = WrittenObjects(new_graph)
        variables = read_variables(legacy, read_restore_map(legacy.meta_graph))
        self._names, parts = _nodes_and_parts(variables)
        trainable = [each for each in variables if each.trainable]
        self._trainable = frozenset(name for each in trainable for name in (each.name, *each.parts))
        self._old = GraphView(_with_stand_ins(self._meta_graph.graph_def), self._old_leaf)
        self._paths = _path_variables(new_graph)
        self._new = GraphView(new_graph.graph_def, self._new_leaf)
        self._between = Correspondence(self._old, self._new, parts)
        self._walks: dict[str, list[Walk]] = {SESSION: [], FUNCTIONS: []}
        self._differences: list[str] = []
        self._notes: list[str] = []

    def compare(self, *, is_only: bool) -> Structure:
        written = self._objects.signatures() if is_only else {}
        before, after = client_signatures(self._meta_graph), client_signatures(self._new_graph)
        for key in sorted(before.keys() & after.keys()):
            self._in_session(key, before[key], after[key])
            if key in written:
                self._in_functions(key, before[key], after[key], written[key])
            elif is_only and self._between.is_rewrap:
                self._differences.append(f"tf.saved_model.load finds no signature {key!r}")
        tables = self._tables(SESSION)
        self._differences += compare_tables(self._meta_graph, tables, self._new_graph, None)
        if is_only:
            self._differences += compare_tables(
                self._meta_graph, self._tables(FUNCTIONS), self._new_graph, self._objects
            )
        unknown = [each for walks in self._walks.values() for walk in walks for each in walk.unknown]
        if is_only and self._between.is_rewrap:
            self._differences += compare_root(self._trainable, before, self._objects)
            self._differences += compare_restored(self._new_dir, self._new_graph, self._new, self._objects)
        if not self._between.is_rewrap:
            unknown, self._differences = [*self._differences, *unknown], []
        if unknown:
            more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
            self._notes.append(f"not compared structurally, by running only: {unknown[0]}{more}")
        listed = {object_table(number): place for place, number in enumerate(self._objects.named(0, "tables"))}
        names = self._tables(FUNCTIONS).names if is_only else {}
        objects = {old: listed[new] for old, new in names.items() if new in listed}
        return Structure(tuple(dict.fromkeys(self._differences)), tuple(self._notes), tables.names, objects)

    def _tables(self, place: str) -> TablePairs:
        walks = self._walks[place]
        names = {old: new for walk in walks for old, new in walk.tables.items()}
        assets = _asset_inputs(self._meta_graph), _asset_inputs(self._new_graph)
        old, new = self._old.with_inputs(assets[0]), self._new.with_inputs(assets[1])
        return TablePairs(place, names, Walk(self._between, old, new))

    def _in_session(self, key: str, before: Any, after: Any) -> None:
        new = {str(each.slot): parse_tensor(each.tensor) for each in slot_tensors(after.outputs)}
        inputs = _inputs({str(each.slot): each for each in slot_tensors(after.inputs)})
        view = self._new.with_inputs({**_asset_inputs(self._new_graph), **inputs})
        walk = self._walk(before, view, SESSION)
        for slot, old, about in self._outputs(key, before, SESSION):
            if slot in new:
                walk.expect(walk.old.edge(walk.old.graph, str(old)), view.edge(view.graph, str(new[slot])), about)
        roots = [tensor.node for tensor in new.values() if (tensor.node, tensor.index) not in inputs]
        self._effects(walk, key, before, walk.new_effects.of(view.graph, roots), SESSION)
        compare_optional_inputs(key, before, after, walk, self._meta_graph.graph_def, SESSION)
        self._finish(walk)

    def _in_functions(self, key: str, before: Any, after: Any, written: WrittenSignature) -> None:
        slots = _argument_slots(after, written.arguments)
        if slots is None or written.function not in self._new.functions:
            self._notes.append(f"not compared structurally: the arguments of the function of the signature {key!r}")
            return
        view = self._new.with_inputs(_asset_inputs(self._new_graph))
        given = tuple(Leaf(LeafKind.INPUT, frozenset({slot})) for slot in slots)
        frame = self._objects.frame(view, written.function, given)
        walk = self._walk(before, view, FUNCTIONS)
        returned = dict(zip(written.outputs, view.returned(frame), strict=False))
        for slot, old, about in self._outputs(key, before, FUNCTIONS):
            if slot in returned:
                walk.expect(walk.old.edge(walk.old.graph, str(old)), returned[slot], about)
            elif self._between.is_rewrap:
                gives = ", ".join(map(repr, returned)) or "nothing"
                self._differences.append(f"{about} is missing; the function gives {gives}")
        self._effects(walk, key, before, walk.new_effects.of(frame, view.ends(frame)), FUNCTIONS)
        self._finish(walk)

    def _walk(self, before: Any, view: GraphView, place: str) -> Walk:
        inputs = _inputs({str(each.slot): each for each in slot_tensors(before.inputs)})
        walk = Walk(self._between, self._old.with_inputs({**_asset_inputs(self._meta_graph), **inputs}), view)
        self._walks[place].append(walk)
        return walk

    def _outputs(self, key: str, before: Any, place: str) -> Iterator[tuple[str, TensorName, str]]:
        for each in slot_tensors(before.outputs):
            about = f"signature {key!r} in {place}: the output {str(each.slot)!r}"
            yield str(each.slot), parse_tensor(each.tensor), about

    def _effects(self, walk: Walk, key: str, before: Any, new: Iterator[tuple[Frame, Any]], place: str) -> None:
        view = walk.old
        wanted = [parse_tensor(each.tensor) for each in slot_tensors(before.outputs)]
        roots = [each.node for each in wanted if not view.is_fed(view.edge(view.graph, str(each)))]
        walk.expect_effects(walk.old_effects.of(view.graph, roots), new, f"signature {key!r} in {place}")

    def _finish(self, walk: Walk) -> None:
        walk.run()
        self._differences += walk.differences

    def _old_leaf(self, node: Any) -> Leaf | None:
        if node.op in VARIABLE_NODE_OPS:
            return Leaf(LeafKind.VARIABLE, frozenset({self._names.get(node.name, node.name)}))
        return table_leaf(node)

    def _new_leaf(self, node: Any) -> Leaf | None:
        if node.op != "VarHandleOp":
            return table_leaf(node)
        return self._paths.get(node.name) or Leaf(
            LeafKind.VARIABLE, frozenset({node.attr["shared_name"].s.decode(errors="replace") or node.name})
        )


def _nodes_and_parts(variables: Iterable[LegacyVariable]) -> tuple[dict[str, str], dict[str, Part]]:
    """Return the name of each variable by its nodes (of a part, the node's own), and the parts."""
    names: dict[str, str] = {}
    parts: dict[str, Part] = {}
    for variable in variables:
        names.update({node: node if node in variable.parts else variable.name for node in variable.nodes})
        parts.update(variable.parts)
    return names, parts


def _with_stand_ins(graph_def: Any) -> Any:
    """Return the graph with stock ops where a rewrap puts them."""
    nodes = with_stand_ins(map(_without_reference, graph_def.node))
    return type(graph_def)(node=nodes, library=graph_def.library)


def _without_reference(node: Any) -> Any:
    if node.op != "CountUpTo":
        return node
    copy = type(node)()
    copy.CopyFrom(node)
    copy.op = "ResourceCountUpTo"
    return copy


def _inputs(slots: Mapping[str, SlotTensor]) -> dict[tuple[str, int], Leaf]:
    """Return the leaf of each tensor that is fed; two keys may name one tensor."""
    keys: dict[tuple[str, int], set[str]] = {}
    for slot, each in slots.items():
        tensor = parse_tensor(each.tensor)
        keys.setdefault((tensor.node, tensor.index), set()).add(slot)
    return {tensor: Leaf(LeafKind.INPUT, frozenset(names)) for tensor, names in keys.items()}


def _asset_inputs(meta_graph: Any) -> dict[tuple[str, int], Leaf]:
    return {
        (tensor.node, tensor.index): Leaf(LeafKind.ASSET, frozenset({file}))
        for tensor, file in asset_tensors(meta_graph).items()
    }


def _path_variables(meta_graph: Any) -> dict[str, Leaf]:
    """Return the variables of a graph that TensorFlow 2 wrote to hold the paths of assets, by their nodes."""
    assets = _asset_inputs(meta_graph)
    found = {}
    for node in meta_graph.graph_def.node:
        if node.op == "AssignVariableOp" and (source_node(node.input[1]), 0) in assets:
            found[source_node(node.input[0])] = assets[source_node(node.input[1]), 0]
    return found


def _argument_slots(after: Any, arguments: Iterable[str]) -> tuple[str, ...] | None:
    """Return the input of the SignatureDef that each argument of its function is, None where one cannot be told."""
    slots = {str(each.slot) for each in slot_tensors(after.inputs)}
    arguments = tuple(arguments)
    # A key that is an argument has the placeholder of TensorFlow 1.
    renamed = [each for each in slot_tensors(after.inputs) if str(each.slot) not in arguments]
    placeholders = {parse_tensor(each.tensor).node: str(each.slot) for each in renamed}
    found: list[str] = []
    for argument in arguments:
        named = [slot for node, slot in placeholders.items() if node.endswith(f"_{argument}")]
        if argument in slots:
            found.append(argument)
        elif len(named) == 1:
            found.append(named[0])
        else:
            return None
    return tuple(found)
