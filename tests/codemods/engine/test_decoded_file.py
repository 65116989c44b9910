"""Bytes in, bytes out: encodings, byte order marks, newlines."""

from __future__ import annotations

import pytest

from codemods.engine.file_plans import plan_file, prefilter
from codemods.rules.registry import select_rules
from codemods.rules.sm101_simple_save import SimpleSave

CODE = "import tensorflow as tf\nname = 'é'\ntf.saved_model.simple_save(s, d, i, o)\ntf.Session()\n"


def migrated(data: bytes) -> bytes:
    plan = plan_file("a.py", data, [SimpleSave()])
    assert plan.failure is None
    assert plan.document is not None
    return plan.document.apply(plan.sites)


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("# -*- coding: latin-1 -*-\n", "latin-1"),
        ("# vim: set fileencoding=cp1252 :\n", "cp1252"),
        ("", "utf-8"),
        ("#!/usr/bin/env python\n# coding: utf-8\n", "utf-8"),
    ],
)
def test_encoding_is_kept(head: str, encoding: str) -> None:
    before = (head + CODE).encode(encoding)
    after = migrated(before)
    assert after.decode(encoding).startswith(
        head + "import tensorflow as tf\nfrom migrate.shim import export_session\nname = 'é'"
    )


def test_byte_order_mark_is_kept() -> None:
    after = migrated(b"\xef\xbb\xbf" + CODE.encode())
    assert after.startswith(b"\xef\xbb\xbfimport tensorflow as tf\nfrom migrate")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_newlines_are_kept(newline: str) -> None:
    before = CODE.replace("\n", newline)
    after = migrated(before.encode()).decode()
    assert after.replace(newline, "\n").count("\n") == CODE.count("\n") + 1
    if newline != "\n":
        assert "\n" not in after.replace("\r\n", "") or newline == "\n"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"# simple_save\nx = '\xff\xfe'\n", "decoded"),
        (b"# coding: no-such-codec\nsimple_save()\n", "decoded"),
        (b"simple_save(\n", "no valid Python 3"),
        (b"simple_save\x00()\n", "null bytes"),
    ],
)
def test_what_cannot_be_read_is_a_failure_with_a_reason(data: bytes, words: str) -> None:
    plan = plan_file("a.py", data, [SimpleSave()])
    assert plan.failure is not None
    assert words in plan.failure.reason


def test_a_file_without_tokens_is_never_parsed() -> None:
    assert plan_file("a.py", b"this is (no python", [SimpleSave()]).failure is None


@pytest.mark.parametrize(
    ("data", "is_wanted"),
    [
        *((token, True) for rule in select_rules() for token in rule.tokens),
        *((token[1:], False) for token in (b"export_savedmodel", b"simple_save", b"BestExporter")),
        (b"Builder", False),
        (b"export_something and an Exporter of one's own", False),
        (b"", False),
    ],
)
def test_each_token_lets_a_file_through_and_no_part_of_one_does(data: bytes, is_wanted: bool) -> None:
    assert prefilter(select_rules())(b"# " + data + b" #\n") is is_wanted
