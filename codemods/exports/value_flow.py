"""Where a class or function goes that is kept as a value, and whether all that becomes of it is that it is called.

Followed within the module: names, attributes of classes and instances, default arguments, registries (a dictionary or
list that is indexed), `functools.partial`, `staticmethod`, what a function returns, and arguments of the module's own
functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import libcst as cst

from codemods.source.module import Module
from codemods.source.scopes import BindingKind, Scope

_WRAPPERS = ("functools.partial", "staticmethod")
_REGISTRY_READS = frozenset({"get", "keys"})


@dataclass(slots=True)
class ValueFlow:
    """What becomes of one value: its calls, what is read of it, the first place that does something else, if any."""

    calls: list[cst.Call] = field(default_factory=list)
    members: list[cst.Attribute] = field(default_factory=list)
    escape: cst.CSTNode | None = None


def value_flow(module: Module, node: cst.BaseExpression) -> ValueFlow:
    """Follow the value that an expression has."""
    walker = _Walker(module)
    walker.follow(node)
    return walker.flow


class _Walker:
    def __init__(self, module: Module) -> None:
        self.module = module
        self.flow = ValueFlow()
        self._seen: set[object] = set()

    def follow(self, node: cst.CSTNode) -> None:
        """Follow the value of an expression by what stands around it."""
        parent = self.module.parent(node)
        step = _STEPS.get(type(parent)) if parent is not None else None
        if step is None or parent is None:
            self._escapes(node)
        else:
            step(self, node, parent)

    def _escapes(self, node: cst.CSTNode) -> None:
        if self.flow.escape is None:
            self.flow.escape = node

    # --- what may stand around a value ---

    def _in_call(self, node: cst.CSTNode, call: cst.Call) -> None:
        if call.func is node:
            self.flow.calls.append(call)
        else:
            self._escapes(node)

    def _in_attribute(self, _: cst.CSTNode, member: cst.Attribute) -> None:
        if member.attr.value != "__name__":
            self.flow.members.append(member)

    def _in_comparison(self, node: cst.CSTNode, comparison: cst.Comparison) -> None:
        """`kind is None` asks whether there is one: the answer stays."""
        others = [each.comparator for each in comparison.comparisons]
        if not all(isinstance(each, cst.Name) and each.value == "None" for each in others):
            self._escapes(node)

    def _in_test(self, node: cst.CSTNode, statement: cst.If) -> None:
        if statement.test is not node:
            self._escapes(node)

    def _in_negation(self, node: cst.CSTNode, negation: cst.UnaryOperation) -> None:
        if not isinstance(negation.operator, cst.Not):
            self._escapes(node)

    def _in_argument(self, node: cst.CSTNode, given: cst.Arg) -> None:
        call = self.module.parent(given)
        if not isinstance(call, cst.Call) or given.star:
            self._escapes(node)  # a base of a class, or spread out
        elif self._is_wrapper(call) and call.args[0] is given and given.keyword is None:
            self.follow(call)
        else:
            parameter = self._parameter(call, given)
            if parameter is None:
                self._escapes(node)
            else:
                self._names(parameter)

    def _in_choice(self, node: cst.CSTNode, choice: cst.BaseExpression) -> None:
        if not (isinstance(choice, cst.IfExp) and choice.test is node):
            self.follow(choice)

    def _in_assignment(self, node: cst.CSTNode, assignment: cst.Assign) -> None:
        for each in assignment.targets:
            self._target(node, each.target)

    def _in_annotated(self, node: cst.CSTNode, assignment: cst.AnnAssign) -> None:
        self._target(node, assignment.target)

    def _in_parameter(self, node: cst.CSTNode, parameter: cst.Param) -> None:
        if parameter.default is node:
            self._names(parameter.name)
        else:
            self._escapes(node)

    def _in_return(self, node: cst.CSTNode, _: cst.Return) -> None:
        function = self.module.function(node)
        if function is None or function.decorators or function.asynchronous is not None:
            self._escapes(node)
            return
        owner = self.module.enclosing(function, (cst.ClassDef, cst.FunctionDef))
        uses = self._attributes(function.name) if isinstance(owner, cst.ClassDef) else self._uses_of(function.name)
        for use in uses:
            call = self.module.parent(use)
            if isinstance(call, cst.Call) and call.func is use:
                self.follow(call)
            else:
                self._escapes(use)

    def _in_registry(self, node: cst.CSTNode, element: cst.CSTNode) -> None:
        display = self.module.parent(element)
        is_value = isinstance(element, (cst.DictElement, cst.Element)) and element.value is node
        assignment = self.module.parent(display) if display is not None and is_value else None
        target: cst.BaseExpression | None = None
        if isinstance(assignment, cst.Assign) and len(assignment.targets) == 1:
            target = assignment.targets[0].target
        elif isinstance(assignment, cst.AnnAssign):
            target = assignment.target
        if not isinstance(display, (cst.Dict, cst.List, cst.Tuple)) or not isinstance(
            target, (cst.Name, cst.Attribute)
        ):
            self._escapes(node)
            return
        for use in self._all_uses(target):
            self._registry_use(use)

    def _registry_use(self, use: cst.CSTNode) -> None:
        parent = self.module.parent(use)
        if isinstance(parent, cst.Subscript) and parent.value is use:
            self.follow(parent)
        elif isinstance(parent, cst.Attribute) and parent.value is use and parent.attr.value in _REGISTRY_READS:
            call = self.module.parent(parent)
            if not isinstance(call, cst.Call) or call.func is not parent:
                self._escapes(use)
            elif parent.attr.value == "get":
                self.follow(call)
        elif not isinstance(parent, cst.ComparisonTarget):  # `kind in REGISTRY`
            self._escapes(use)

    # --- where a name or attribute is used ---

    def _target(self, node: cst.CSTNode, target: cst.BaseExpression) -> None:
        if isinstance(target, cst.Name):
            self._names(target)
        elif isinstance(target, cst.Attribute):
            self._each(self._attributes(target.attr, target))
        elif isinstance(target, cst.Subscript) and isinstance(target.value, (cst.Name, cst.Attribute)):
            for use in self._all_uses(target.value):  # REGISTRY["tf"] = Builder
                if self.module.parent(use) is not target:
                    self._registry_use(use)
        else:
            self._escapes(node)

    def _names(self, name: cst.Name) -> None:
        self._each(self._all_uses(name))

    def _each(self, uses: Iterator[cst.CSTNode]) -> None:
        for use in list(uses):
            self.follow(use)

    def _all_uses(self, target: cst.BaseExpression) -> Iterator[cst.CSTNode]:
        """Yield the uses of a name or attribute; the name of a class body is an attribute too."""
        if isinstance(target, cst.Attribute):
            yield from self._attributes(target.attr, target)
        elif isinstance(target, cst.Name):
            yield from self._uses_of(target)
            owner = self._owner(target)
            if owner is not None and owner.is_class:
                yield from self._attributes(target)

    def _uses_of(self, name: cst.Name) -> Iterator[cst.CSTNode]:
        owner = self._owner(name)
        if not self._first_time((owner, name.value)):
            return
        for use in self.module.names.get(name.value, ()):
            if not self._binds(use) and self._owner(use) is owner:
                yield use

    def _attributes(self, name: cst.Name, target: cst.Attribute | None = None) -> Iterator[cst.CSTNode]:
        """Yield the attributes of this name that may be meant, whatever they are attributes of."""
        if not self._first_time(name.value):
            return
        for node in self.module.nodes:
            if isinstance(node, cst.Attribute) and node.attr.value == name.value and node is not target:
                if not isinstance(self.module.parent(node), cst.AssignTarget) and self.module.resolve(node) is None:
                    yield node
            elif isinstance(node, cst.SimpleString) and node.evaluated_value == name.value and self._is_looked_up(node):
                self._escapes(node)

    def _is_looked_up(self, text: cst.SimpleString) -> bool:
        call = self.module.parent(self.module.parent(text) or text)
        is_named = isinstance(call, cst.Call) and isinstance(call.func, cst.Name)
        return is_named and call.func.value in ("getattr", "setattr", "hasattr")  # type: ignore[union-attr]

    def _first_time(self, key: object) -> bool:
        is_new = key not in self._seen
        self._seen.add(key)
        return is_new

    def _binds(self, name: cst.Name) -> bool:
        parent = self.module.parent(name)
        if isinstance(parent, (cst.FunctionDef, cst.ClassDef, cst.Param)):
            return parent.name is name
        if isinstance(parent, cst.AnnAssign):
            return parent.target is name
        return isinstance(parent, (cst.AssignTarget, cst.NameItem, cst.AsName, cst.ImportAlias))

    def _owner(self, name: cst.Name) -> Scope | None:
        return self.module.scope(name).owner(name.value)

    # --- functions that pass a value on ---

    def _is_wrapper(self, call: cst.Call) -> bool:
        is_builtin = isinstance(call.func, cst.Name) and not self.module.bindings(call.func)
        name = call.func.value if is_builtin and isinstance(call.func, cst.Name) else self.module.resolve_call(call)
        return name in _WRAPPERS

    def _parameter(self, call: cst.Call, given: cst.Arg) -> cst.Name | None:
        """Return the parameter of the module's own function that gets an argument."""
        bindings = self.module.bindings(call.func) if isinstance(call.func, cst.Name) else []
        function = _function(bindings[0].node) if len(bindings) == 1 else None
        if function is None or function.decorators:
            return None
        takes = function.params
        if given.keyword is not None:
            named = {each.name.value: each.name for each in (*takes.params, *takes.kwonly_params)}
            return named.get(given.keyword.value)
        before = call.args[: call.args.index(given)]
        if any(each.star or each.keyword is not None for each in before):
            return None
        positional = (*takes.posonly_params, *takes.params)[bindings[0].kind is BindingKind.CLASS :]
        return positional[len(before)].name if len(before) < len(positional) else None


def _function(node: cst.CSTNode) -> cst.FunctionDef | None:
    """Return the function that runs where a definition is called: of a class, its own `__init__`."""
    if isinstance(node, cst.ClassDef):
        inits = (each for each in node.body.body if isinstance(each, cst.FunctionDef) and each.name.value == "__init__")
        return next(inits, None)
    return node if isinstance(node, cst.FunctionDef) else None


_Step = Callable[[_Walker, cst.CSTNode, "cst.CSTNode"], None]
_STEPS: dict[type[cst.CSTNode], _Step] = {
    cst.Call: _Walker._in_call,  # type: ignore[dict-item]
    cst.Attribute: _Walker._in_attribute,  # type: ignore[dict-item]
    cst.Comparison: _Walker._in_comparison,  # type: ignore[dict-item]
    cst.If: _Walker._in_test,  # type: ignore[dict-item]
    cst.UnaryOperation: _Walker._in_negation,  # type: ignore[dict-item]
    cst.Arg: _Walker._in_argument,  # type: ignore[dict-item]
    cst.IfExp: _Walker._in_choice,  # type: ignore[dict-item]
    cst.BooleanOperation: _Walker._in_choice,  # type: ignore[dict-item]
    cst.Assign: _Walker._in_assignment,  # type: ignore[dict-item]
    cst.AnnAssign: _Walker._in_annotated,  # type: ignore[dict-item]
    cst.Param: _Walker._in_parameter,  # type: ignore[dict-item]
    cst.Return: _Walker._in_return,  # type: ignore[dict-item]
    cst.DictElement: _Walker._in_registry,
    cst.Element: _Walker._in_registry,
}
