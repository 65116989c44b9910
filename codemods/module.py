"""What a rule sees of one Python module: text, tree, offsets, and what every name stands for."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Protocol, TypeVar

import libcst as cst
from libcst.metadata import CodeRange, PositionProvider

from codemods.errors import UnparsableSourceError
from codemods.scopes import Binding, BindingKind, Scope, ScopeIndex, build_index
from codemods.site import Mode
from codemods.symbols import canonical, is_tensorflow
from codemods.target import installed_target
from codemods.tree import walk

_NEWLINE = re.compile(r"\r\n?|\n")
_PYTHON2 = re.compile(r"^\s*(print\s+[^=(\s]|exec\s+[\"'\w]|except\s+[\w.]+\s*,\s*\w+\s*:|raise\s+\w+\s*,)", re.M)
_PYTHON2_EXCEPT = re.compile(r"^[ \t]*(except)[ \t]+[\w.]+[ \t]*,[ \t]*\w+[ \t]*:", re.MULTILINE)
NodeT = TypeVar("NodeT", bound=cst.CSTNode)
MAX_DEPTH = 12


class _Positions(PositionProvider):
    """Runs the provider alone: MetadataWrapper walks the tree once more for providers that are not asked for."""

    def of(self, tree: cst.Module) -> dict[cst.CSTNode, CodeRange]:
        self._gen_impl(tree)
        return self._computed  # type: ignore[return-value]


class Project(Protocol):
    """The other modules of the run, as far as a rule may ask about them."""

    def find(self, target: str, path: str) -> Module | None:
        """Return the module that `target` (dotted, with leading dots when relative) names in the file `path`."""

    def locate(self, target: str, path: str) -> str | None:
        """Return the file of that module, without reading it; None for modules from elsewhere."""

    def may_bind(self, path: str, name: str) -> bool:
        """Whether the file might import or assign the name: a cheap look before it is parsed."""


class Module:
    """A parsed module with name resolution. Offsets are character offsets into `text`.

    Raises:
        UnparsableSourceError: The text is not Python 3.
    """

    def __init__(
        self, text: str, path: str = "<string>", mode: Mode = Mode.EAGER, project: Project | None = None
    ) -> None:
        self.text = text
        self.path = path
        self.mode = mode
        self.project = project
        self.migrates = False
        """The program this module belongs to is being migrated, even if the module holds no site itself."""
        self.is_entry = True
        """Programs start here: no other module of the run imports it, or it has a `__main__` block."""
        self.keras = False
        """Write Keras models next to the model_fns of Estimators (`--keras`)."""
        self.target = installed_target()
        """The TensorFlow that the rewritten code is to run on (`--tensorflow`)."""
        self.runs_on_tensorflow2 = False
        """The program this module belongs to is one of TensorFlow 2 already: its names and its mode stay."""
        self.legacy_keras = False
        """Some module of the program needs legacy Keras, so whoever imports TensorFlow first must ask for it."""
        self.taken_names: frozenset[str] = frozenset()
        """Names that other modules import from this one; `*` where one imports everything."""
        self.cell_starts: tuple[int, ...] = ()
        """Where the cells of a notebook begin; empty for a file."""
        self.tree = _parse(text)
        self._raw_names: dict[cst.CSTNode, str | None] = {}
        self.memo: dict[str, object] = {}
        """What others computed from this module and want to keep with it; a module never changes."""
        self._line_starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]

    # --- positions ---

    @cached_property
    def _positions(self) -> dict[cst.CSTNode, CodeRange]:
        return _Positions().of(self.tree)

    def start(self, node: cst.CSTNode) -> int:
        """Return where the node's code starts; parentheses around an expression are outside."""
        position = self._positions[node].start
        return self._line_starts[position.line - 1] + position.column

    def end(self, node: cst.CSTNode) -> int:
        """Return where the node's code ends (exclusive)."""
        position = self._positions[node].end
        return self._line_starts[position.line - 1] + position.column

    def outer_span(self, node: cst.BaseExpression) -> tuple[int, int]:
        """Return the span of an expression together with its own parentheses."""
        start, end = self.start(node), self.end(node)
        for _ in node.lpar:
            start = self.text.rindex("(", 0, start)
            end = self.text.index(")", end) + 1
        return start, end

    def code(self, node: cst.CSTNode) -> str:
        """Return the node's source as it stands."""
        return self.text[self.start(node) : self.end(node)]

    def line_of(self, offset: int) -> int:
        """Return the line of an offset, counted from 1."""
        return bisect.bisect_right(self._line_starts, offset)

    def column_of(self, offset: int) -> int:
        """Return the column of an offset, counted from 0."""
        return offset - self._line_starts[self.line_of(offset) - 1]

    def line_start(self, offset: int) -> int:
        """Return the offset at which the line of `offset` begins."""
        return self._line_starts[self.line_of(offset) - 1]

    def line_end(self, offset: int) -> int:
        """Return the offset after the newline that ends the line of `offset`."""
        line = self.line_of(offset)
        return self._line_starts[line] if line < len(self._line_starts) else len(self.text)

    # --- structure ---

    @cached_property
    def index(self) -> ScopeIndex:
        """Scopes and parents of every node."""
        return build_index(self.tree)

    @cached_property
    def nodes(self) -> tuple[cst.CSTNode, ...]:
        """Every node in source order."""
        return tuple(self.index.scope_of)

    @cached_property
    def calls(self) -> tuple[cst.Call, ...]:
        """Every call in source order (an outer call before the calls in it)."""
        return tuple(node for node in self.nodes if type(node) is cst.Call)

    @cached_property
    def names(self) -> dict[str, list[cst.Name]]:
        """Every use and binding of each name, in source order; attributes and keywords are not names."""
        found: dict[str, list[cst.Name]] = {}
        for node in self.nodes:
            if type(node) is cst.Name and not self._is_label(node):
                found.setdefault(node.value, []).append(node)
        return found

    def _is_label(self, name: cst.Name) -> bool:
        parent = self.parent(name)
        return (isinstance(parent, cst.Attribute) and parent.attr is name) or (
            isinstance(parent, cst.Arg) and parent.keyword is name
        )

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return the node around this one."""
        return self.index.parent_of.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield the nodes around this one, inside out."""
        current = self.parent(node)
        while current is not None:
            yield current
            current = self.parent(current)

    def enclosing(self, node: cst.CSTNode, kind: type[NodeT] | tuple[type[NodeT], ...]) -> NodeT | None:
        """Return the nearest node around this one that is of the given kind."""
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, kind):
                return ancestor
        return None

    def statement(self, node: cst.CSTNode) -> cst.SimpleStatementLine | cst.BaseCompoundStatement | None:
        """Return the statement the node stands in: a logical line or a compound statement."""
        if isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            return node
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
                return ancestor
        return None

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """Return the innermost function the node stands in, None at module level."""
        return self.enclosing(node, cst.FunctionDef)

    def scope(self, node: cst.CSTNode) -> Scope:
        """Return the scope in which the node is evaluated."""
        return self.index.scope_of[node]

    def before(self, first: cst.CSTNode, second: cst.CSTNode) -> bool:
        """Whether `first` stands before `second` in the source."""
        return self.index.order[first] < self.index.order[second]

    # --- names ---

    def bindings(self, name: cst.Name) -> list[Binding]:
        """Return the bindings that may give `name` its value at this place, latest first.

        In the scope that binds it, only those that can reach the place; from a nested function, all of them.
        """
        owner = self.scope(name).owner(name.value)
        if owner is None:
            return []
        everything = owner.bindings[name.value]
        if _home(self.scope(name)) is not _home(owner):
            return list(reversed(everything))
        return self._reaching(name, everything)

    def _reaching(self, use: cst.CSTNode, everything: list[Binding]) -> list[Binding]:
        reaching: list[Binding] = []
        around = [use, *self.ancestors(use)]
        loop = next((node for node in reversed(around) if isinstance(node, (cst.For, cst.While))), None)
        for binding in reversed(everything):
            is_before = self.before(binding.node, use) and not self._assigns_around(binding, around)
            if not is_before and not (loop is not None and loop in self.ancestors(binding.node)):
                continue
            if self._excludes(binding, around):
                continue
            reaching.append(binding)
            if is_before and self._dominates(binding, around):
                break
        return reaching

    def _assigns_around(self, binding: Binding, around: list[cst.CSTNode]) -> bool:
        """Whether the use stands in the very value that is being assigned."""
        return binding.kind in (BindingKind.ASSIGN, BindingKind.UNPACK) and binding.value in around

    def _suite(self, node: cst.CSTNode) -> cst.CSTNode:
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, (cst.BaseSuite, cst.Module, cst.Lambda, *_COMPREHENSIONS)):
                return ancestor
        return self.tree

    def _dominates(self, binding: Binding, around: list[cst.CSTNode]) -> bool:
        if binding.kind in (BindingKind.PARAM, BindingKind.WITH):
            return True
        if binding.kind is BindingKind.LOOP:
            return self.parent(binding.node) in around or any(
                isinstance(node, (cst.For, cst.CompFor)) and node.target is binding.node for node in around
            )
        return self._suite(binding.node) in around

    def _excludes(self, binding: Binding, around: list[cst.CSTNode]) -> bool:
        """Whether binding and use stand in branches of one `if` that exclude each other."""
        path = {id(node) for node in around}
        child: cst.CSTNode = binding.node
        for ancestor in self.ancestors(binding.node):
            if isinstance(ancestor, cst.If) and id(ancestor) in path:
                in_body = child is ancestor.body
                use_in_body = id(ancestor.body) in path
                use_in_else = ancestor.orelse is not None and id(ancestor.orelse) in path
                return (in_body and use_in_else) or (child is ancestor.orelse and use_in_body)
            child = ancestor
        return False

    def value(self, node: cst.BaseExpression) -> cst.BaseExpression | None:
        """Return the expression a name was assigned, following plain names, or the expression itself.

        None where the name has several possible values, or comes from a parameter, a loop or an import.
        """
        current = node
        for _ in range(MAX_DEPTH):
            if not isinstance(current, cst.Name):
                return current
            found = self.bindings(current)
            if len(found) != 1 or found[0].kind is not BindingKind.ASSIGN or found[0].value is None:
                return None
            current = found[0].value
        return None

    # --- TensorFlow symbols ---

    def resolve(self, node: cst.CSTNode) -> str | None:
        """Return the canonical dotted name the expression stands for, None where it is not sure or no imported name.

        `tensorflow.saved_model.simple_save` for every spelling of it; see `codemods.symbols`.
        """
        raw = self.raw_name(node)
        return canonical(raw) if raw is not None else None

    def resolve_call(self, call: cst.Call) -> str | None:
        """Return the canonical name of the called function or class."""
        return self.resolve(call.func)

    def raw_name(self, node: cst.CSTNode) -> str | None:
        """Return the dotted name as imported, before it is made canonical (`tensorflow.compat.v1.Session`)."""
        if node not in self._raw_names:
            self._raw_names[node] = self._raw_name(node, 0)
        return self._raw_names[node]

    def _raw_name(self, node: cst.CSTNode, depth: int) -> str | None:
        if depth > MAX_DEPTH:
            return None
        if isinstance(node, cst.Attribute):
            base = self._raw_name(node.value, depth)
            return self._through_project(f"{base}.{node.attr.value}", depth) if base is not None else None
        if isinstance(node, cst.Name):
            return self._raw_of_name(node, depth)
        if isinstance(node, cst.Call) and len(node.args) == 1 and isinstance(node.args[0].value, cst.SimpleString):
            value = node.args[0].value.evaluated_value
            is_import = self._raw_name(node.func, depth + 1) == "importlib.import_module"
            return value if is_import and isinstance(value, str) else None
        return None

    def _raw_of_name(self, name: cst.Name, depth: int) -> str | None:
        found: set[str] = set()
        bindings = self.bindings(name)
        if not bindings:
            return self._from_star_import(name)
        for binding in bindings:
            if _is_none(binding.value) and len(bindings) > 1:
                continue  # `except ImportError: name = None`
            target = self._binding_name(binding, depth)
            if target is None and not self._has_import_fallback(binding, bindings):
                return None
            if target is not None:
                found.add(target)
        if len({canonical(target) for target in found}) != 1:
            return None
        return min(found)

    def _has_import_fallback(self, binding: Binding, bindings: list[Binding]) -> bool:
        """Whether the name is tried as something unknown, with an import under `except` (`tf = try_import_tf()`)."""
        attempt = self.enclosing(binding.node, cst.Try)
        return (
            attempt is not None
            and isinstance(binding.value, cst.Call)
            and any(
                other.kind is BindingKind.IMPORT and attempt in self.ancestors(other.node)
                for other in bindings
                if other is not binding
            )
        )

    def _binding_name(self, binding: Binding, depth: int) -> str | None:
        if binding.kind is BindingKind.IMPORT and binding.target is not None:
            return self._through_project(binding.target, depth)
        if binding.kind is BindingKind.ASSIGN and binding.value is not None:
            return self._raw_name(binding.value, depth + 1)
        return None

    def _through_project(self, target: str, depth: int) -> str:
        """Follow a name of another module of the repository to what that module imported or assigned."""
        if self.project is None or depth > MAX_DEPTH or is_tensorflow(target) or not target.strip("."):
            return target
        head, _, name = target.rpartition(".")
        if not head.strip("."):
            head = target[: len(target) - len(name)]
        return self._taken_from(head, name, depth) or target if head else target

    def _taken_from(self, target: str, name: str, depth: int) -> str | None:
        """Return what `name` stands for in the module `target` of the repository."""
        assert self.project is not None
        path = self.project.locate(target, self.path)
        if path is None or path == self.path or not self.project.may_bind(path, name):
            return None
        other = self.project.find(target, self.path)
        return other.exported(name, depth + 1) if other is not None else None

    def exported(self, name: str, depth: int = 0) -> str | None:
        """Return what a name at this module's top level stands for, where it stands for an imported thing.

        Names of the repository's modules begin at its root: they mean the same in every file.
        """
        if depth > MAX_DEPTH:
            return None
        bindings = self.index.module_scope.bindings.get(name, [])
        if not bindings:
            return self._from_stars(name, depth)
        targets = {self._binding_name(binding, depth) for binding in bindings if not _is_none(binding.value)}
        known = [target for target in targets if target is not None]
        if known and len(known) == len(targets) and len({canonical(target) for target in known}) == 1:
            return self._from_root(min(known))
        return None

    def _from_root(self, target: str) -> str | None:
        if self.project is None or is_tensorflow(target):
            return target
        path = self.project.locate(target, self.path)
        if path is not None:
            return _dotted_path(path)
        head, _, name = target.rpartition(".")
        path = self.project.locate(head or ".", self.path) if head or target.startswith(".") else None
        if path is not None:
            return f"{_dotted_path(path)}.{name}"
        return None if target.startswith(".") else target

    def _from_star_import(self, name: cst.Name) -> str | None:
        return self._from_stars(name.value, 0)

    def _from_stars(self, name: str, depth: int) -> str | None:
        """Return what a name stands for that this module takes by `from module import *`; such names have no `_`."""
        if self.project is None or name.startswith("_") or depth > MAX_DEPTH:
            return None
        for target in reversed(self.index.module_scope.star_imports):
            found = self._taken_from(target, name, depth)
            if found is not None:
                return found
        return None

    def spelling(self, dotted_name: str, near: cst.CSTNode) -> str | None:
        """Return how code at `near` can spell a module it already imports (`tf` for `tensorflow`), if it can."""
        scope: Scope | None = self.scope(near) if near is not self.tree else self.index.module_scope
        while scope is not None:
            for name, bindings in scope.bindings.items():
                if len(bindings) == 1 and bindings[0].kind is BindingKind.IMPORT and bindings[0].target == dotted_name:
                    return name
            scope = scope.parent
        return None


_COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)


def _home(scope: Scope) -> Scope:
    """Return the scope in whose flow the code runs: comprehensions and class bodies run in place."""
    while scope.parent is not None and isinstance(scope.node, (*_COMPREHENSIONS, cst.ClassDef)):
        scope = scope.parent
    return scope


def _dotted_path(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _is_none(value: cst.BaseExpression | None) -> bool:
    return isinstance(value, cst.Name) and value.value == "None"


def check_parses(text: str) -> None:
    """Parse the text and forget it.

    Raises:
        UnparsableSourceError: The text is not Python 3.
    """
    _parse(text)


def _parse(text: str) -> cst.Module:
    # LibCST reads this as Python 3.14's exceptions without parentheses: another meaning.
    old_except = _PYTHON2_EXCEPT.search(text)
    if old_except is not None:
        line = text.count("\n", 0, old_except.start(1)) + 1
        raise UnparsableSourceError("this is Python 2; convert it to Python 3 first (2to3, futurize)", line)
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        python2 = _PYTHON2.search(text)
        if python2 is not None:
            line = text.count("\n", 0, python2.start(1)) + 1
            raise UnparsableSourceError(
                "this is Python 2; convert it to Python 3 first (2to3, futurize)", line
            ) from None
        raise UnparsableSourceError(f"no valid Python 3: {error.message.splitlines()[0]}", error.raw_line) from None
    except RecursionError:
        raise UnparsableSourceError("nested too deeply to be parsed", 1) from None


__all__ = ["Module", "Project", "walk"]
