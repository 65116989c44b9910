"""Files that crash a parser, hang, or are no files at all: each costs itself only, and is told in a sentence."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.running import Ended, tf1to2
from tests.fuzz.source_damage import EXPORT, notebook

# Parsed, because it holds an export; refused or worked on, because of what stands below it.
E = EXPORT.decode()

# name: (content, words of the reason; None where the file must be rewritten)
SOURCES: dict[str, tuple[bytes | str, str | None]] = {
    "nested_lists.py": (f"{E}z = {'[' * 5000}{']' * 5000}\n", "line 5: more than 200 brackets"),
    "nested_calls.py": (f"{E}z = {'f(' * 3000}1{')' * 3000}\n", "more than 200 brackets"),
    "unclosed_brackets.py": (f"{E}z = {'(' * 50000}\n", "more than 200 brackets"),
    "long_sum.py": (f"{E}z = a{' + a' * 20000}\n", "more than 3,000 operators"),
    "long_chain.py": (f"{E}z = a{'.b' * 20000}\n", "more than 3,000 operators"),
    "deep_lambda.py": (f"{E}z = {'lambda: ' * 20000}1\n", "more than 3,000 operators"),
    "python2_bomb.py": (f"print 1\n{E}z = {'[' * 5000}\n", "more than 200 brackets"),
    "null.py": (f"{E}\0", "null bytes"),
    "utf16.py": (b"\xff\xfe simple_save", "UTF-16"),
    "bad_utf8.py": (b"\n\n\n" + EXPORT + b"# \xff\n", "utf-8"),
    "no_codec.py": (f"# coding: no-such-codec\n{E}", "cannot be decoded"),
    "undefined.py": (f"# coding: undefined\n{E}", "cannot be decoded"),
    "utf7.py": (f"# coding: utf-7\n{E}# +AGE-\n", "does not come back as the same bytes"),
    "binary.py": (b"\x7fELF simple_save \x80\x81\x00", "null bytes"),
    "no_json.ipynb": ("simple_save", "no valid JSON"),
    "cut.ipynb": (notebook(E)[:-9], "no valid JSON"),
    "list.ipynb": ('["simple_save"]', "no notebook that can be read"),
    "source_is_a_number.ipynb": (
        '{"cells": [{"cell_type": "code", "source": 7}], "x": "simple_save"}',
        "a string expected",
    ),
    "cells_are_a_dict.ipynb": ('{"cells": {"simple_save": 1}}', "expected"),
    "deep.ipynb": ('{"cells": [], "x": "simple_save", "y": ' + "[" * 500_000 + "}", "JSON"),
    "half_a_character.ipynb": (notebook("tf = '\ud800'\n", E), None),
    "sum_of_500.py": (f"{E}z = a{' + a' * 500}\n", None),
    "concatenation_of_1000.py": (f"{E}z = (a\n{'  + b' * 1000})\n", None),
    "chain_of_500_calls.py": (f"{E}z = a{'.b()' * 500}\n", None),
    "150_brackets.py": (f"{E}z = {'[' * 150}{']' * 150}\n", None),
    "90_levels.py": (f"{E}" + "".join(f"{' ' * n}if x:\n" for n in range(90)) + f"{' ' * 90}pass\n", None),
    "brackets_in_strings.py": (f"{E}z = '{'[' * 5000}'  # {'(' * 5000}\ny = '''\n{'{' * 5000}'''\n", None),
    "many_short_sums.py": (E + "z = a + b - c * d\n" * 1500, None),
    "elements.py": (f"{E}z = [{'1, ' * 5000}]\n", None),
    "elif.py": (f"{E}if x:\n  pass\n{'elif y: pass' + chr(10)}" * 1 + "elif y: pass\n" * 1500, None),
    "form_feed.py": (f"\f{E}\f\nz = 1\f\n", None),
    "cr_only.py": (E.replace("\n", "\r"), None),
    "bom.py": (b"\xef\xbb\xbf" + EXPORT, None),
    "latin1.py": (b"# coding: latin-1\n# \xe9\n" + EXPORT, None),
    "long_first_line.py": ("# " + "é" * 5000 + f"\n{E}", None),
    "keys_twice.ipynb": (b'{"cells": [7], ' + notebook(E).lstrip()[1:], None),
    "not_a_number.ipynb": (b'{"x": NaN, ' + notebook(E).lstrip()[1:], None),
    "many_magics.ipynb": (
        notebook("import tensorflow as tf\n", "!ls\n" * 400, "tf.saved_model.simple_save(s, d, i, o)\n"),
        None,
    ),
    "format_3.ipynb": (
        json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": E}]}], "nbformat": 3}),
        None,
    ),
    "circle_a.py": (f"from circle_b import *\n{E}", None),
    "circle_b.py": (f"from circle_a import *\nimport circle_b\n{E}", None),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """One run over all of them; the files that it reports."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (content, _) in SOURCES.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder, report(tf1to2("codemod", "--write", "--json", "-", "--jobs", "1", folder))


def report(ended: Ended) -> dict[str, Any]:
    """The files of a report by name; no traceback, no defect."""
    ended.check_spoken()
    assert "defect" not in ended.said
    assert " files, " in ended.stderr
    return {file["path"]: file for file in json.loads(ended.stdout)["files"]}


@pytest.mark.parametrize("name", SOURCES)
def test_a_file_is_refused_in_a_sentence_or_rewritten(name: str, written: tuple[Path, dict[str, Any]]) -> None:
    folder, files = written
    content, reason = SOURCES[name]
    after = (folder / name).read_bytes()
    if reason is None:
        assert files[name]["status"] == "changed", files[name]
        assert b"export_session" in after
    else:
        assert reason in files[name]["error"]
        assert after == (content if isinstance(content, bytes) else content.encode())


def _bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


# name: how it is made
PLACES: dict[str, Callable[[Path], object]] = {
    "pipe.py": os.mkfifo,
    "socket.py": _bind,
    "dangling.py": lambda path: path.symlink_to("nowhere"),
    "loop.ipynb": lambda path: path.symlink_to(path.name),
    "device.py": lambda path: path.symlink_to("/dev/zero"),
}


def test_what_is_no_file_is_left_out_by_name_and_nothing_hangs(tmp_path: Path) -> None:
    for name, make in PLACES.items():
        make(tmp_path / name)
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "folder.py" / "a.py").write_bytes(EXPORT)
    (tmp_path / "up").symlink_to(tmp_path)
    ended = tf1to2("codemod", "--write", tmp_path)
    ended.check_spoken()
    assert ended.status == 0
    assert all(f"{name}: left out" in ended.stderr for name in PLACES)
    assert b"export_session" in (tmp_path / "folder.py" / "a.py").read_bytes()


@pytest.mark.parametrize("name", PLACES)
def test_what_is_no_file_is_refused_where_it_is_named(name: str, tmp_path: Path) -> None:
    PLACES[name](tmp_path / name)
    ended = tf1to2("codemod", tmp_path / name)
    ended.check_spoken()
    assert ended.status == 2
    assert name in ended.stderr


@pytest.mark.parametrize("name", [b"new\nline.py", b"bell\x07.py", b"\xff\xfe.py", b"back\\slash.py", b"'quote\".py"])
def test_odd_names_are_rewritten_and_reported_as_valid_json(name: bytes, tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), name)  # noqa: PTH118 - bytes are no Path
    with open(path, "wb") as stream:  # noqa: PTH123
        stream.write(EXPORT)
    ended = tf1to2("codemod", "--write", "--json", "-", "--sarif", tmp_path / "out.sarif", tmp_path)
    assert [os.fsencode(known) for known in report(ended)] == [name]
    json.loads((tmp_path / "out.sarif").read_text())


def test_files_that_come_and_go_end_no_run(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"m{number}.py").write_bytes(EXPORT + b"import stays\n")
    (tmp_path / "stays.py").write_bytes(EXPORT)

    def remove() -> None:
        for number in range(60):
            time.sleep(0.02)
            (tmp_path / f"m{number}.py").unlink()

    thread = threading.Thread(target=remove)
    thread.start()
    try:
        files = report(tf1to2("codemod", "--json", "-", tmp_path))
    finally:
        thread.join()
    assert files["stays.py"]["status"] == "changed"


def test_modules_that_import_each_other_in_circles_are_one_program(tmp_path: Path) -> None:
    for number in range(300):
        text = f"from m{(number + 1) % 300} import *\nimport m{(number + 7) % 300}\n"
        (tmp_path / f"m{number}.py").write_bytes(text.encode() + EXPORT)
    files = report(tf1to2("codemod", "--json", "-", tmp_path))
    assert {file["status"] for file in files.values()} == {"changed"}
    assert len(files) == 300


def test_a_file_over_its_time_is_told_and_its_program_goes_on(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_bytes(b"import slow, lib\n" + EXPORT)
    (tmp_path / "lib.py").write_bytes(EXPORT)
    (tmp_path / "slow.py").write_text("import tensorflow as tf\n" + "z = a" + ".b()" * 1499 + "\n")
    ended = tf1to2("codemod", "--json", "-", "--file-timeout", "1", tmp_path)
    files = report(ended)
    assert "took longer than 1 s; --file-timeout SECONDS allows more" in ended.stderr
    assert files["slow.py"]["status"] == "failed"
    assert {files[name]["status"] for name in ("main.py", "lib.py")} == {"changed"}


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is limited on Linux")  # noqa: PTH110
def test_a_file_over_its_memory_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(EXPORT)
    (tmp_path / "big.py").write_bytes(EXPORT + b"z = [" + b"1, " * 30_000 + b"]\n")
    ended = tf1to2("codemod", "--json", "-", "--file-memory", "60", tmp_path)
    files = report(ended)
    assert "--file-memory MB allows more" in files["big.py"]["error"]
    assert files["a.py"]["status"] == "changed"


@pytest.mark.parametrize("words", [("--file-timeout", "nan"), ("--file-timeout", "1e300"), ("--file-memory", "9" * 30)])
def test_an_absurd_budget_is_refused(words: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(EXPORT)
    ended = tf1to2("codemod", *words, tmp_path)
    ended.check_spoken()
    assert ended.status == 2


def test_what_git_ignores_is_left_out_and_counted(tmp_path: Path) -> None:
    for name in ("a.py", "gen_a.py", "out/b.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(EXPORT)
    (tmp_path / ".gitignore").write_text("out/\ngen_*\n")
    ended = tf1to2("codemod", "--json", "-", tmp_path)
    assert list(report(ended)) == ["a.py"]
    assert "left out: 1 file and 1 folder that git ignores (--no-gitignore takes them)" in ended.stderr
    assert json.loads(ended.stdout)["summary"]["left_out"]["ignored_folders"] == 1
    assert len(report(tf1to2("codemod", "--json", "-", "--no-gitignore", tmp_path))) == 3
