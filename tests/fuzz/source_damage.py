"""Hostile and damaged source files and notebooks, made from a seed and the valid ones of a folder."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

EXPORT = b"import tensorflow as tf\n\ndef f(s, d, i, o):\n    tf.saved_model.simple_save(s, d, i, o)\n"
"""A program that is rewritten; put behind most of what is hostile, so that the codemods have a reason to parse it."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """One input: how it was made, the ending of its name, and its bytes."""

    kind: str
    suffix: str
    data: bytes


def damaged(seed: int, count: int, valid: Sequence[bytes], notebooks: Sequence[bytes]) -> list[Damaged]:
    """Return that many inputs, every kind in turn."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        if number % 3 == 2:
            kind = list(_NOTEBOOKS)[number // 3 % len(_NOTEBOOKS)]
            made.append(Damaged(kind, ".ipynb", _NOTEBOOKS[kind](chance, chance.choice(notebooks))))
        else:
            turn = number - number // 3
            kind = list(_SOURCES)[turn % len(_SOURCES)]
            made.append(Damaged(kind, ".py", _SOURCES[kind](chance, chance.choice(valid))))
    return made


def notebook(*cells: object) -> bytes:
    """Return a notebook with these sources of code cells."""
    entries = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    return json.dumps({"cells": entries, "nbformat": 4, "nbformat_minor": 2}, indent=1).encode()


def _flip(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data))]


def _inserted(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.choice(_PIECES) + data[at:]


def _doubled(chance: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    first = chance.randrange(len(lines))
    block = lines[first : first + chance.randint(1, 40)]
    return b"".join(lines[:first] + block * chance.randint(2, 30) + lines[first:])


def _dropped(chance: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(line for line in lines if chance.random() > 0.1)


def _swapped(chance: random.Random, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    chance.shuffle(lines)
    return b"".join(lines)


def _newlines(chance: random.Random, data: bytes) -> bytes:
    return b"".join(
        line.rstrip(b"\r\n") + chance.choice((b"\n", b"\r\n", b"\r", b"\n\f", b"\x0b\n"))
        for line in data.splitlines(keepends=True)
    )


def _recoded(chance: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace") + "# \u00e9\u4e2d\U0001f600\n"
    return text.encode(chance.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7", "gb18030")), "replace")


def _cookie(chance: random.Random, data: bytes) -> bytes:
    name = chance.choice(_ENCODINGS)
    return f"# -*- coding: {name} -*-\n".encode() + data + chance.choice((b"# \xe9\n", b"# \xc3\xa9\n", b""))


def _nested(chance: random.Random, data: bytes) -> bytes:
    opening, closing = chance.choice(((b"[", b"]"), (b"(", b")"), (b"{1:", b"}"), (b"f(", b")"), (b"a[", b"]")))
    depth = chance.choice((50, 150, 199, 201, 1000, 5000, 50000))
    return data + b"\nz = " + opening * depth + b"1" + closing * chance.choice((depth, 0))


def _chained(chance: random.Random, data: bytes) -> bytes:
    link = chance.choice((b" + a", b".b", b".b()", b"[0]", b" and a", b" if a else b", b" < a", b"**a", b" or not a"))
    return data + b"\nz = a" + link * chance.choice((300, 900, 2500, 20000)) + b"\n"


def _prefixed(chance: random.Random, data: bytes) -> bytes:
    link = chance.choice((b"not ", b"-", b"lambda: ", b"~", b"await ", b"*", b"("))
    return data + b"\nz = " + link * chance.choice((100, 900, 5000, 50000)) + b"a\n"


def _indented(chance: random.Random, data: bytes) -> bytes:
    depth = chance.choice((20, 90, 101, 2000))
    return data + b"\n" + b"".join(b" " * level + b"if x:\n" for level in range(depth)) + b" " * depth + b"pass\n"


def _long(chance: random.Random, data: bytes) -> bytes:
    kind = chance.randrange(5)
    count = chance.choice((1000, 20000))
    if kind == 0:
        return data + b"\nz = [" + b"1, " * count + b"]\n"
    if kind == 1:
        return data + b"\nz = {" + b"'a': b, " * count + b"}\n"
    if kind == 2:
        return data + b"\nz = '" + b"x" * (count * 50) + b"'\n"
    if kind == 3:
        return data + b"\nif x:\n  pass\n" + b"elif y:\n  pass\n" * count
    return data + b"\n" + b"\n" * count * 10 + b" " * count * 10 + b"\n(\n"


def _quoted(chance: random.Random, data: bytes) -> bytes:
    return data + b"\n" + chance.choice((b"'''", b'"""', b"'", b"f'{a", b"f'{a!", b"f'{'*100", b"r'\\", b"\\"))


def _noise(chance: random.Random, data: bytes) -> bytes:
    return chance.randbytes(chance.randint(1, 5000)) + b" simple_save " + chance.randbytes(50)


def _json_damage(chance: random.Random, data: bytes) -> bytes:
    return chance.choice((_flip, _cut, _inserted, _doubled, _dropped))(chance, data)


def _json_value(chance: random.Random, data: bytes) -> bytes:
    document = json.loads(data)
    cell = chance.choice(document["cells"])
    cell[chance.choice(list(cell))] = chance.choice(
        (None, 7, "", [], {}, [7], [[]], [None], "\ud800", ["\ud800 = 1\n"])
    )
    return json.dumps(document).encode()


def _json_shape(chance: random.Random, data: bytes) -> bytes:
    return chance.choice(
        (
            b"[]",
            b"7",
            b'"simple_save"',
            b"null",
            b"",
            b'{"cells": {}, "x": "simple_save"}',
            b'{"cells": [7, "simple_save"]}',
            b'{"cells": "simple_save"}',
            b'{"worksheets": 1, "x": "simple_save"}',
            b'{"worksheets": [{"cells": [{"cell_type": "code", "input": ["simple_save("]}]}], "nbformat": 3}',
            b'{"x": NaN, "y": -Infinity, ' + data.lstrip()[1:],
            b'{"cells": [], ' + data.lstrip()[1:],
            data.rstrip()[:-1] + b', "cells": []}',
            data.rstrip()[:-1] + b', "x": ' + b"[" * 100000 + b"]" * 100000 + b"}",
            data.rstrip()[:-1] + b', "x": ' + b'{"a":' * 100000,
            data.rstrip()[:-1] + b', "x": ' + b"9" * 5000 + b"}",
            b"\xef\xbb\xbf" + data,
            data.decode().encode("utf-16"),
        )
    )


def _cell_magic(chance: random.Random, data: bytes) -> bytes:
    del data
    lines = (
        "!ls\n",
        "%time x = 1\n",
        "x = %env A\n",
        "  % (a, b)\n",
        "?tf\n",
        "tf??\n",
        "%%time\n",
        "print 1\n",
        "\f\n",
    )
    cells = [[chance.choice(lines) for _ in range(chance.choice((3, 300)))] for _ in range(5)]
    written = ["%%writefile a.py\n", "import tensorflow as tf\n", "tf.saved_model.simple_save(s, d, i, o)\n"]
    return notebook("import tensorflow as tf\n", *cells, written, [], "", ["tf.saved_model.simple_save(s,d,i,o)"])


def _cell_source(chance: random.Random, data: bytes) -> bytes:
    del data
    source = chance.choice(list(_SOURCES.values()))(chance, EXPORT).decode("utf-8", "replace")
    return notebook("import tensorflow as tf\n", source, EXPORT.decode())


_PIECES = (
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xe2\x80\xa8",
    b"\x0c",
    b"\x1b[31m",
    b"(",
    b"'''",
    b"\\",
    b"\t",
    b"\r",
    b"print 'x'\n",
    b"from x import (\n" * 2000,
    b"match x:\n  case [1, *_]: pass\n",
    b"global tf\n",
    b"tf = tf = tf\n",
    b"import tensorflow as tf; del tf\n",
    b"from . import *\n",
    b"from .... import x\n",
    b"@@\n",
    b"async def f(): await (yield)\n",
    b"x: int = (yield)\n",
    b"f'{f\"{f'{1}'}\"}'\n",
    b"def f(tf=tf): tf.saved_model.simple_save(*tf, **tf)\n",
)
_ENCODINGS = (
    "latin-1",
    "ascii",
    "utf-8",
    "utf-16",
    "utf-7",
    "rot13",
    "hex",
    "zip",
    "idna",
    "punycode",
    "undefined",
    "unicode_escape",
    "raw_unicode_escape",
    "cp1252",
    "shift_jis",
    "mbcs",
    "no-such-codec",
    "utf-8-sig",
    "x" * 300,
)
_SOURCES: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "bits flipped": _flip,
    "cut off": _cut,
    "nested": _nested,
    "piece put in": _inserted,
    "lines doubled": _doubled,
    "chained": _chained,
    "lines dropped": _dropped,
    "lines shuffled": _swapped,
    "encoded otherwise": _recoded,
    "cookie": _cookie,
    "prefixed": _prefixed,
    "newlines mixed": _newlines,
    "indented": _indented,
    "long": _long,
    "open quote": _quoted,
    "noise": _noise,
}
_NOTEBOOKS: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "JSON damaged": _json_damage,
    "JSON value": _json_value,
    "JSON shape": _json_shape,
    "magic": _cell_magic,
    "hostile cell": _cell_source,
}
