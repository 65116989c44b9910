"""Offsets are those of LibCST's own provider, in fewer steps."""

from __future__ import annotations

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from codemods.source.module import Module

SOURCES = {
    "statements": "import a, b as c\n\n\nif a:\n    x = (1)\nelif b:\n\tpass\nelse:\n    del x; y = x\n",
    "comments": "# head\n\n'''doc'''  # behind\nfor x in y:  # loop\n    # inside\n    pass\n# foot\n",
    "expressions": "f((a + b) * -c, *d, key=[e for e in f if e], **{'g': (yield)})\nh = lambda i, /, *, j=1: i @ j\n",
    "strings": "a = f'{b!r:>{c}} {d}' 'e'\nb = '''one\ntwo''' + \"\\\nthree\"\n",
    "definitions": "@decorated\nasync def f(a: int = 1, *b, c) -> None:\n    async with d as e, f:\n        await e\n",
    "classes": "class A(B, metaclass=C):\n    def f(self): return self\n\n    x: int = 1\n",
    "several blocks": "try:\n    a\nexcept (B, C) as d:\n    raise E from d\nfinally:\n    with f:\n        pass\n",
    "line ends": "a = 1\r\nif a:\r\n    b(a,\r\n      c)\r\n",
    "a mixed end": "a = 1\rb = 2\nc = 3\n",
    "no last line end": "def f():\n    return a",
    "only a comment": "# nothing",
    "characters of several bytes": "ä = '日本'; b = ä\n",
    "nothing": "",
}
# LibCST counts a last line end that is not there.
_LAYOUT = (cst.Module, cst.EmptyLine, cst.Newline, cst.TrailingWhitespace)


@pytest.mark.parametrize("text", SOURCES.values(), ids=SOURCES.keys())
def test_offsets_agree_with_libcst(text: str) -> None:
    module = Module(text)
    wrapper = MetadataWrapper(module.tree, unsafe_skip_copy=True)
    lines = [0, *(end + 1 for end, each in enumerate(text) if each == "\n" or (each == "\r" and text[end + 1] != "\n"))]
    for node, found in wrapper.resolve(PositionProvider).items():
        if not isinstance(node, _LAYOUT):
            start = lines[found.start.line - 1] + found.start.column
            end = lines[found.end.line - 1] + found.end.column
            assert (module.start(node), module.end(node)) == (start, end), type(node)


@pytest.mark.parametrize(
    "text",
    [
        "\fa = 1\n",
        "\f\fa = 1\nb = a\n",
        "a = 1\n\f\n\fb = 2\f\n",
        "if a:\n    b\n\f    # c\n\fd = 1\ne = (1,\n\f2)\n",
        '\fa = """\n\fb"""\n\fc = a\n',
        "\f# only a comment\n",
    ],
)
def test_form_feeds_that_libcst_drops_count(text: str) -> None:
    module = Module(text)
    for node in module.nodes:
        if isinstance(node, (cst.Name, cst.Integer, cst.SimpleString)):
            assert module.code(node) == node.value


def test_no_offset_lies_behind_the_text() -> None:
    module = Module("a = 1")
    assert (module.start(module.tree), module.end(module.tree)) == (0, 5)


def test_a_node_of_another_tree_has_no_place() -> None:
    with pytest.raises(KeyError):
        Module("a = 1\n").start(Module("a = 1\n").tree)
