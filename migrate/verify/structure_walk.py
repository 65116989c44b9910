"""Walks two graphs backwards side by side and tells where they are not the same.

A pair of tensors that is expected to be the same is looked at once: their nodes must do the same, and their inputs are
the next pairs. So the time grows with the size of the graphs, and loops end.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from migrate.graph.partitions import Part
from migrate.graph.reference_ops import WRITING_OPS
from migrate.graph.tensor_name import is_control
from migrate.verify.graph_view import Found, Frame, GraphView, Leaf, LeafKind, Tensor
from migrate.verify.node_facts import attribute_differences, canonical_op, functions_of, in_words
from migrate.verify.run_effects import Act, Effects

_SCOPE = "legacy/"
"""The scope that a rewrap puts the nodes of the original into (`native_module.legacy_graph`)."""
_MOST_PAIRS = 2_000_000
_MOST_FINDINGS = 8
_RENAMED_FUNCTION = re.compile(r"(__inference_)?(.*?)(_tf1to2_\d+)?(_\d+)*")
_WRITES = frozenset(WRITING_OPS.values())


class Correspondence:
    """Two graphs that are compared, and what tells how their nodes and functions correspond.

    Args:
        old: the original's graph.
        new: the new model's.
        parts: the parts of the original's partitioned variables by node.
    """

    def __init__(self, old: GraphView, new: GraphView, parts: Mapping[str, Part]) -> None:
        self.parts = parts
        bases = {base_name(name) for name in old.functions}, {base_name(name) for name in new.functions}
        self.only_old = frozenset(name for name in old.functions if base_name(name) not in bases[1])
        self.only_new = frozenset(name for name in new.functions if base_name(name) not in bases[0])
        names = {original_name(name) for scope in ("", *new.functions) for name in new.nodes(scope)}
        self.stood_for = frozenset(names)
        self.is_rewrap = is_rewrap(new.functions.values())


@dataclass(slots=True)
class Walk:
    """One comparison: of a signature, with the original's inputs and the new model's known to the views.

    Attributes:
        differences: what differs, one sentence each.
        unknown: nodes of the original that could not be followed into the new model.
        tables: the new model's table for each of the original's that was met.
        pairs: how many pairs of tensors were compared.
    """

    between: Correspondence
    old: GraphView
    new: GraphView
    differences: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)
    pairs: int = 0
    _pending: list[tuple[Found, Found, str]] = field(default_factory=list)
    _seen: set[tuple[Found, Found]] = field(default_factory=set)
    _functions: set[tuple[str, str]] = field(default_factory=set)
    old_effects: Effects = field(init=False)
    new_effects: Effects = field(init=False)

    def __post_init__(self) -> None:
        self.old_effects = Effects(self.old, self.between.only_old)
        self.new_effects = Effects(self.new, self.between.only_new)

    def run(self) -> None:
        """Compare all that is expected to be the same."""
        while self._pending:
            pair = self._pending.pop()
            if len(self.differences) >= _MOST_FINDINGS or self.pairs > _MOST_PAIRS:
                self._pending.clear()
            else:
                self._compare(*pair)

    def expect(self, old: Found, new: Found, about: str) -> None:
        """Expect two tensors to be the same; `about` says what they are."""
        self._pending.append((old, new, about))

    def expect_nodes(self, old_frame: Frame, old: Any, new_frame: Frame, new: Any, about: str) -> None:
        """Expect two nodes to do the same with the same inputs."""
        self._nodes(old_frame, old, new_frame, new, about)

    def expect_effects(self, old: Iterator[Act], new: Iterator[Act], about: str) -> None:
        """Expect that the same is done besides giving outputs."""
        done = defaultdict(list)
        for frame, node in new:
            done[self._act_key(node)].append((frame, node))
        missing = []
        for frame, node in old:
            candidates = done.get(self._act_key(node)) or []
            if candidates:
                self._nodes(frame, node, *candidates.pop(0), about)
            else:
                missing.append((frame, node))
        left = [act for acts in done.values() for act in acts]
        for frame, node in missing:
            alike = [act for act in left if canonical_op(act[1].op) == canonical_op(node.op)]
            if alike:
                left.remove(alike[0])
                self._nodes(frame, node, *alike[0], about)
            else:
                self._differs(f"{about}: {_called(node)} is not run any more", node.name)
        for _, node in left:
            self._differs(f"{about}: {_called(node)} is run in addition", original_name(node.name))

    def _act_key(self, node: Any) -> tuple[str, str]:
        op, name = canonical_op(node.op), original_name(node.name)
        if op in _WRITES:
            name = re.sub(r"/write(_\d+)?$", "", name)
        return base_name(op), name

    def _compare(self, old: Found, new: Found, about: str) -> None:
        old, new = self.old.resolve(old), self.new.resolve(new)
        if (old, new) in self._seen:
            return
        self._seen.add((old, new))
        self.pairs += 1
        if self._entered(old, new, about):
            return
        if isinstance(old, Leaf):
            self._leaf(old, new, about)
            return
        before = self.old.node(old)
        if before is None:
            self._differs(f"{about}: the original's tensor {old.node} is not there", old.node)
        elif isinstance(new, Leaf):
            self._differs(f"{about}: {new} is in place of {_called(before)}", before.name)
        elif (after := self.new.node(new)) is None:
            self._differs(f"{about}: {_called(before)} has become {new.node}, which is not there", before.name)
        elif old.place != new.place:
            self._differs(
                f"{about}: output {new.place} is taken in place of output {old.place} of {_called(before)}", before.name
            )
        else:
            self._nodes(old.frame, before, new.frame, after, about)

    def _entered(self, old: Found, new: Found, about: str) -> bool:
        """Look into the function that one side calls and the other has not."""
        entered: list[Found] = []
        for found, view, only in ((old, self.old, self.between.only_old), (new, self.new, self.between.only_new)):
            node = view.node(found) if isinstance(found, Tensor) else None
            called = view.called(node) if node is not None else None
            if isinstance(found, Tensor) and called is not None and called in only:
                entered.append(view.returned(view.inside(found.frame, node))[found.place])
            else:
                entered.append(found)
        if entered == [old, new]:
            return False
        self._pending.append((entered[0], entered[1], about))
        return True

    def _leaf(self, old: Leaf, new: Found, about: str) -> None:
        if old.kind is LeafKind.TABLE and isinstance(new, Leaf) and new.kind is LeafKind.TABLE:
            self._table(next(iter(old.names)), next(iter(new.names)), about)
        elif isinstance(new, Leaf):
            if old.kind is not new.kind or not new.names <= old.names:
                self._differs(f"{about}: {new} is in place of {old}")
        elif not self._is_part(old, new):
            node = self.new.node(new)
            self._differs(f"{about}: {_called(node) if node is not None else new.node} is in place of {old}")

    def _table(self, old: str, new: str, about: str) -> None:
        if self.tables.setdefault(old, new) != new or sum(each == new for each in self.tables.values()) > 1:
            self._differs(f"{about}: another table is in place of the table {old!r}")

    def _is_part(self, old: Leaf, new: Tensor) -> bool:
        """Tell whether `new` cuts the part of a partitioned variable out of the whole."""
        part = self.between.parts.get(next(iter(old.names))) if old.kind is LeafKind.VARIABLE else None
        node = self.new.node(new)
        if part is None or node is None or node.op != "Slice":
            return False
        whole, begin, size = (self.new.resolve(each) for each in self.new.inputs(new.frame, node))
        return (
            whole == Leaf(LeafKind.VARIABLE, frozenset({part.whole}))
            and self._integers(begin) == part.offset
            and self._integers(size) == part.shape
        )

    def _integers(self, found: Found) -> tuple[int, ...] | None:
        node = self.new.node(found) if isinstance(found, Tensor) else None
        if node is None or node.op != "Const":
            return None
        import tensorflow as tf

        return tuple(int(each) for each in tf.make_ndarray(node.attr["value"].tensor).ravel())

    def _nodes(self, old_frame: Frame, old: Any, new_frame: Frame, new: Any, about: str) -> None:
        what = f"{about}: {_called(old)}"
        old_inputs, new_inputs = self.old.inputs(old_frame, old), self.new.inputs(new_frame, new)
        if old.op == "ResourceGather" and new.op == "GatherV2":
            self._gather(what, old, old_inputs, new, new_inputs, about)
            return
        if base_name(canonical_op(old.op)) != base_name(new.op):
            self._differs(f"{what} has become {_called(new)}", old.name)
            return
        if old.op in ("VarIsInitializedOp", "IsVariableInitialized") and self._asks_for_whole(old_inputs, new_inputs):
            return
        for difference in attribute_differences(old, new):
            self._differs(f"{what}: {difference}")
        if len(old_inputs) != len(new_inputs):
            self._differs(f"{what} has {len(new_inputs)} inputs in place of {len(old_inputs)}")
            return
        self._called_functions(old, new, what)
        self._pending += [(a, b, about) for a, b in zip(old_inputs, new_inputs, strict=True)][::-1]

    def _asks_for_whole(self, old_inputs: list[Tensor], new_inputs: list[Tensor]) -> bool:
        part, whole = self.old.resolve(old_inputs[0]), self.new.resolve(new_inputs[0])
        known = self.between.parts.get(next(iter(part.names))) if isinstance(part, Leaf) else None
        return known is not None and whole == Leaf(LeafKind.VARIABLE, frozenset({known.whole}))

    def _gather(
        self, what: str, old: Any, old_inputs: list[Tensor], new: Any, new_inputs: list[Tensor], about: str
    ) -> None:
        axis = self._integers(self.new.resolve(new_inputs[2]))
        if axis != (0,) or new.attr["batch_dims"].i != old.attr["batch_dims"].i:
            self._differs(f"{what} gathers along axis {axis} with {in_words(new.attr['batch_dims'])} batch dimensions")
        self._pending += [(a, b, about) for a, b in zip(old_inputs, new_inputs[:2], strict=True)]

    def _called_functions(self, old: Any, new: Any, what: str) -> None:
        before, after = functions_of(old), functions_of(new)
        if old.op in self.old.functions:
            before["op"], after["op"] = old.op, new.op
        if before.keys() != after.keys():
            self._differs(f"{what} calls other functions")
            return
        for attribute, name in before.items():
            self._function(name, after[attribute], what)

    def _function(self, old: str, new: str, what: str) -> None:
        if (old, new) in self._functions:
            return
        self._functions.add((old, new))
        if old not in self.old.functions or new not in self.new.functions:
            if old in self.old.functions or base_name(old) != base_name(new):
                self._differs(f"{what} calls {new} in place of {old}")
            return
        before, after = self.old.unbound(old), self.new.unbound(new)
        returned, returned_now = self.old.returned(before), self.new.returned(after)
        if len(returned) != len(returned_now):
            self._differs(f"{what}: {new} returns {len(returned_now)} tensors in place of {len(returned)}")
            return
        about = f"{what}, in its function"
        self._pending += [(a, b, about) for a, b in zip(returned, returned_now, strict=True)]
        self.expect_effects(
            self.old_effects.of(before, self.old.ends(before)),
            self.new_effects.of(after, self.new.ends(after)),
            about,
        )

    def _differs(self, text: str, node: str | None = None) -> None:
        """Note a difference; where no node of the new model stands for the original's, a rewrite that is not known."""
        if node is not None and node not in self.between.stood_for:
            self.unknown.append(text)
        else:
            self.differences.append(text)


def is_rewrap(functions: Iterable[Any]) -> bool:
    """Tell whether these functions of a model were written by a rewrap."""
    return any(node.name.startswith(_SCOPE) for function in functions for node in function.node_def)


def base_name(function: str) -> str:
    """Return the name of a function without what TensorFlow and a rewrap put around it; of an op, the op."""
    match = _RENAMED_FUNCTION.fullmatch(function)
    return match[2] if match is not None else function


def original_name(node: str) -> str:
    """Return what a node of a rewrapped model is called in the original."""
    if node.startswith(_SCOPE):
        return node[len(_SCOPE) :]
    _, found, rest = node.partition(f"/{_SCOPE}")
    return rest if found else node


def _called(node: Any) -> str:
    inputs = [edge for edge in node.input if not is_control(edge)]
    if node.op == "Const":
        return f"the constant {original_name(node.name)!r} ({in_words(node.attr['value'])})"
    if node.op == "Placeholder" and not inputs:
        return f"the placeholder {node.name!r}"
    return f"the node {original_name(node.name)!r} ({node.op})"
