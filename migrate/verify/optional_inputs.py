"""Compares the inputs that a Session may leave out: which they are, and what they are then."""

from __future__ import annotations

from typing import Any

from migrate.graph.cut import cut, nodes_by_name
from migrate.graph.tensor_name import parse_tensor
from migrate.native_module.default_values import constant_value, is_pure
from migrate.verify.graph_view import GraphView, Leaf, LeafKind, Tensor
from migrate.verify.node_facts import in_words, same_tensor
from migrate.verify.signature_tensors import slot_tensors
from migrate.verify.structure_walk import Walk

_OPTIONAL = "PlaceholderWithDefault"


def compare_optional_inputs(key: str, before: Any, after: Any, walk: Walk, graph_def: Any, place: str) -> None:
    """Add what differs in the inputs of one signature to what the walk found.

    An input whose default the original draws or takes from its state cannot stay optional; a rewrap tells that.

    Args:
        key: the signature's.
        before: the original's SignatureDef.
        after: the new model's.
        walk: knows both graphs with their inputs.
        graph_def: the original's.
        place: where the new model is looked at, in words.
    """
    new = {str(each.slot): parse_tensor(each.tensor).node for each in slot_tensors(after.inputs)}
    for each in slot_tensors(before.inputs):
        slot = str(each.slot)
        old_node = walk.old.nodes("").get(parse_tensor(each.tensor).node)
        new_node = walk.new.nodes("").get(new.get(slot, ""))
        if old_node is None or new_node is None:
            continue
        about = f"signature {key!r} in {place}: the input {slot!r}"
        if old_node.op != _OPTIONAL:
            if new_node.op == _OPTIONAL:
                walk.differences.append(f"{about} may be left out, which the original refuses")
        elif new_node.op != _OPTIONAL:
            if _can_stay(walk.old, old_node):
                walk.differences.append(f"{about} may not be left out any more")
        else:
            _compare_defaults(walk, graph_def, old_node, new_node, f"{about}: its default")


def _compare_defaults(walk: Walk, graph_def: Any, old: Any, new: Any, about: str) -> None:
    before = walk.old.edge(walk.old.graph, old.input[0])
    after = walk.new.edge(walk.new.graph, new.input[0])
    found = walk.new.node(after)
    if found is not None and found.op == "Const":
        default = parse_tensor(old.input[0])
        nodes = cut(nodes_by_name(graph_def), [default], [], []).nodes
        value = constant_value(default, nodes, graph_def.versions)
        if value is None or not same_tensor(value, found.attr["value"].tensor):
            there = "nothing fixed" if value is None else in_words(_attribute(found, value))
            walk.differences.append(f"{about} is {in_words(found.attr['value'])} in place of {there}")
    else:
        walk.expect(before, after, about)


def _attribute(node: Any, tensor: Any) -> Any:
    value = type(node.attr["value"])()
    value.tensor.CopyFrom(tensor)
    return value


def _can_stay(view: GraphView, node: Any) -> bool:
    """Tell whether a default is computed from constants and other inputs alone."""
    pending, seen = [view.edge(view.graph, node.input[0])], set[Tensor]()
    while pending:
        found = view.resolve(pending.pop())
        if isinstance(found, Leaf):
            if found.kind is not LeafKind.INPUT:
                return False
            continue
        if found in seen:
            continue
        seen.add(found)
        each = view.node(found)
        if each is None or view.called(each) is not None or not is_pure(each):
            return False
        pending += view.inputs(found.frame, each)
    return True
