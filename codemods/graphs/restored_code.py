"""Writes the module that builds a restored graph from source, in place of placeholders, session, saver and export."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from codemods.edit.edits import Edit
from codemods.edit.layout import free_name, indent_at, indent_unit, newline_of, string_literal
from codemods.edit.lines import comments_of, end_of
from codemods.edit.traces import Trace
from codemods.graphs.restored_graphs import Input, RestoredBuild
from codemods.source.module import Module

_DOCSTRING = "Serves the graph that `_build` makes, with the weights of a TF1 checkpoint."
RESTORED_TRACE = Trace(_DOCSTRING.encode(), is_export=True)


def restored_edits(module: Module, build: RestoredBuild, tf: str) -> tuple[Edit, ...]:
    """Return the edits that write the module and export it; `tf` spells `tensorflow.compat.v1`."""
    return tuple(_Writer(module, build, tf).edits())


class _Writer:
    def __init__(self, module: Module, build: RestoredBuild, tf: str) -> None:
        self.module = module
        self.build = build
        self.tf = tf
        self.unit = indent_unit(module)
        self.newline = newline_of(module)
        self.indent = indent_at(module, build.anchor)
        words = [word.capitalize() for word in re.split(r"\W+|_", build.key) if word]
        name = "".join(words) if build.key != "serving_default" else "ServedModel"
        self.class_name = free_name(module, name if name.isidentifier() else "ServedModel")
        self.method = build.key if build.key.isidentifier() and not build.key.startswith("__") else "serve"
        self.variable = free_name(module, "module")

    def edits(self) -> Iterator[Edit]:
        """Yield the removal of what served the export, the class, and the new export."""
        outer = [
            block for block in self.build.opened if not any(other in self._around(block) for other in self.build.opened)
        ]
        leaving = [*self.build.gone, *self.build.steps]
        for node in leaving:
            if node is not self.build.anchor and not any(block in self._around(node) for block in outer):
                yield Edit(self._above(node), end_of(self.module, node), "")
        early, late = self._lost_comments(outer)
        export = self._text([*late, *self._export_lines()], self.indent)
        for block in outer:
            rest = "".join(self._rest(block))
            is_anchor = block is self.build.anchor
            start = self._start(block) if is_anchor or rest else self._above(block)
            yield Edit(start, end_of(self.module, block), rest + (export if is_anchor else ""))
        if self.build.anchor not in outer:
            yield Edit(self._start(self.build.anchor), end_of(self.module, self.build.anchor), export)
        yield self._class_edit(early)

    def _around(self, node: cst.CSTNode) -> list[cst.CSTNode]:
        return list(self.module.ancestors(node))

    def _start(self, node: cst.CSTNode) -> int:
        """Return where the lines of a statement begin, its own comments included."""
        start = self.module.line_start(self.module.start(node))
        while start > 0:
            above = self.module.line_start(start - 1)
            if not self.module.text[above:start].lstrip().startswith("#"):
                break
            start = above
        return start

    def _above(self, node: cst.CSTNode) -> int:
        """Return where to begin the removal of a statement: with the blank lines above it."""
        start = self._start(node)
        while start > 0 and not self.module.text[self.module.line_start(start - 1) : start].strip():
            start = self.module.line_start(start - 1)
        return start

    # --- what stays ---

    def _rest(self, block: cst.With) -> Iterator[str]:
        """Yield the statements of a block that stay, moved out of it."""
        statements = block.body.body if isinstance(block.body, cst.IndentedBlock) else ()
        gone = {*self.build.gone, *self.build.steps}
        for statement in statements:
            if statement in self.build.opened and isinstance(statement, cst.With):
                yield from self._rest(statement)
            elif statement not in gone:
                yield self._moved(
                    self._start(statement),
                    end_of(self.module, statement),
                    indent_at(self.module, statement),
                    self.indent,
                )

    def _lost_comments(self, outer: Sequence[cst.CSTNode]) -> tuple[list[str], list[str]]:
        """Return the comments of what goes: those before the first step of the build, and those after it."""
        module, build = self.module, self.build
        kept = [
            statement
            for block in build.opened
            for statement in block.body.body
            if statement not in build.gone and statement not in build.opened
        ]
        spans = [(self._start(node), end_of(module, node)) for node in (*build.gone, *outer)]
        safe = [(self._start(node), end_of(module, node)) for node in (*build.steps, *kept)]
        first = min((self._start(step) for step in build.steps), default=0)
        early: list[str] = []
        late: list[str] = []
        for offset, comment in comments_of(module):
            if any(start <= offset < end for start, end in spans) and not any(
                start <= offset < end for start, end in safe
            ):
                (early if offset < first and self._stands_beside(offset) else late).append(comment)
        return early, late

    def _stands_beside(self, offset: int) -> bool:
        """Whether a comment stands at the level at which the class is written."""
        is_local = bool(self.build.local_names) or self.module.function(self.build.anchor) is None
        return is_local and self.module.column_of(offset) == len(self.indent)

    # --- the class ---

    def _class_edit(self, comments: Sequence[str]) -> Edit:
        if self.build.local_names or self.module.function(self.build.anchor) is None:
            place = self.build.anchor
            offset, indent = self._start(place), indent_at(self.module, place)
        else:
            function: cst.CSTNode = self.build.anchor
            for ancestor in self.module.ancestors(self.build.anchor):
                if isinstance(ancestor, (cst.FunctionDef, cst.ClassDef)):
                    function = ancestor
            offset, indent = self._start(self._decorated(function)), ""
        lines = [*comments, *self._class_lines()]
        wanted = 1 if indent else 2
        blank = 0
        position = offset
        while position > 0 and not self.module.text[self.module.line_start(position - 1) : position].strip():
            position = self.module.line_start(position - 1)
            blank += 1
        is_first = position > 0 and self.module.text[:position].rstrip().endswith(":")
        lead = "" if position == 0 or is_first else self.newline * max(0, wanted - blank)
        return Edit(offset, offset, lead + self._text(lines, indent) + self.newline * wanted)

    def _decorated(self, function: cst.CSTNode) -> cst.CSTNode:
        if isinstance(function, (cst.FunctionDef, cst.ClassDef)) and function.decorators:
            return function.decorators[0]
        return function

    def _class_lines(self) -> Iterator[str]:
        tf, unit, build = self.tf, self.unit, self.build
        parameters = ", ".join(item.name.value for item in build.inputs)
        specs = ", ".join(self._spec(item) for item in build.inputs)
        yield f"class {self.class_name}({tf}.Module):"
        yield f'{unit}"""{_DOCSTRING}"""'
        yield ""
        yield f"{unit}def __init__(self, checkpoint):"
        yield f"{unit * 2}super().__init__()"
        yield f"{unit * 2}self._graph = {tf}.wrap_function(self._build, [{specs}])"
        yield f"{unit * 2}# What a wrapped function holds is not tracked by itself."
        yield f"{unit * 2}self.weights = list(self._graph.variables)"
        yield f"{unit * 2}reader = {tf}.train.load_checkpoint(checkpoint)"
        yield f"{unit * 2}for variable in self.weights:"
        yield f'{unit * 3}variable.assign(reader.get_tensor(variable.name.split(":")[0]))'
        yield ""
        yield f"{unit}@staticmethod"
        yield f"{unit}def _build({parameters}):"
        for step in build.steps:
            text = self._moved(self._start(step), end_of(self.module, step), indent_at(self.module, step), unit * 2)
            yield from text.rstrip("\r\n").split(self.newline)
        outputs = ", ".join(f"{self._code(key)}: {self._code(value)}" for key, value in build.outputs)
        yield f"{unit * 2}return {{{outputs}}}"
        yield ""
        yield f"{unit}@{tf}.function(input_signature=[{specs}])"
        yield f"{unit}def {self.method}(self, {parameters}):"
        yield f"{unit * 2}return self._graph({parameters})"

    def _spec(self, item: Input) -> str:
        shape = "None" if item.shape is None else self._code(item.shape)
        return f"{self.tf}.TensorSpec({shape}, {self._code(item.dtype)}, name={string_literal(self.module, item.key)})"

    def _export_lines(self) -> Iterator[str]:
        tf, build = self.tf, self.build
        key = string_literal(self.module, build.key)
        yield f"{self.variable} = {self.class_name}({self._code(build.checkpoint)})"
        path = self._code(build.export.path)
        yield f"{tf}.saved_model.save({self.variable}, {path}, signatures={{{key}: {self.variable}.{self.method}}})"

    # --- text ---

    def _code(self, expression: cst.BaseExpression) -> str:
        start, end = self.module.outer_span(expression)
        return self.module.text[start:end]

    def _text(self, lines: Sequence[str], indent: str) -> str:
        return "".join(f"{indent}{line}{self.newline}" if line else self.newline for line in lines)

    def _moved(self, start: int, end: int, old: str, new: str) -> str:
        """Return lines at another indentation; the inside of strings stays."""
        strings = [
            (self.module.start(node), self.module.end(node))
            for node in self.module.nodes
            if isinstance(node, (cst.SimpleString, cst.FormattedString))
            and start <= self.module.start(node) < end
            and "\n" in self.module.code(node)
        ]
        pieces = []
        position = start
        while position < end:
            stop = self.module.line_end(position)
            line = self.module.text[position:stop]
            in_string = any(begin < position < finish for begin, finish in strings)
            if not in_string and line.strip() and line.startswith(old):
                line = new + line[len(old) :]
            pieces.append(line)
            position = stop
        text = "".join(pieces)
        return text if text.endswith(("\n", "\r")) else text + self.newline
