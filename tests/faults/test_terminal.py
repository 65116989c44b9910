"""A terminal is not an interpreter: names of models and files are shown, spelled out where they would steer it.

A new case is a line of `NAMES` (what a name may hold) or of `PLACES` (where a name may stand).
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migrate.cli.console import VisibleConsole
from migrate.cli.inspect_view import print_facts
from migrate.inspection.task import InspectTask, inspect_model
from migrate.inspection.verdict import verdict
from migrate.text.json_text import json_text
from migrate.text.visible import is_hidden, sentence, shown_name, visible
from tests.cli.terminal import Terminal
from tests.faults.models import changed, node_before, renamed_signature, renamed_tensor
from tests.faults.running import tf1to2
from tests.golden import MODELS_DIR

SCREEN = "\x1b[2J\x1b]0;owned\x07"

NAMES: dict[str, tuple[str, str]] = {
    # case: (a name, how it is shown)
    "escape sequence": (SCREEN, r"\x1b[2J\x1b]0;owned\x07"),
    "C1 control": ("\x9b31m", r"\x9b31m"),
    "DEL": ("a\x7fb", r"a\x7fb"),
    "carriage return": ("safe\rreal", r"safe\rreal"),
    "newline": ("a\nok: fine", r"a\nok: fine"),
    "tab": ("a\tb", r"a\tb"),
    "right to left": ("\u202egpj.exe", r"\u202egpj.exe"),
    "isolate": ("\u2066a\u2069", r"\u2066a\u2069"),
    "zero width": ("ad\u200bmin\ufeff", r"ad\u200bmin\ufeff"),
    "line separator": ("a\u2028b", r"a\u2028b"),
    "lone surrogate": ("bad\udcff", r"bad\udcff"),
    "tag character": ("\U000e0041", r"\U000e0041"),
    # What must stay as it is.
    "plain": ("serving_default", "serving_default"),
    "accents": ("Zürich_naïve", "Zürich_naïve"),
    "Chinese": ("特征", "特征"),
    "emoji": ("\U0001f600", "\U0001f600"),
    "markup": ("[bold]x[/]", "[bold]x[/]"),
    "backslashes": (r"C:\x1b", r"C:\x1b"),
    "two hundred": ("x" * 200, "x" * 200),
}


@pytest.mark.parametrize(("name", "shown"), NAMES.values(), ids=NAMES)
def test_names(name: str, shown: str) -> None:
    assert shown_name(name) == shown
    assert not any(map(is_hidden, sentence(f"the model {name} fails").replace("\n", "").replace("\t", "")))
    assert json.loads(json_text({name: [name]})) == {name: [name]}
    assert not any(map(is_hidden, json_text({name: name}).replace("\n", "")))
    json_text(name).encode()


@pytest.mark.parametrize(("name", "shown"), NAMES.values(), ids=NAMES)
def test_a_console_prints_no_control_character_whatever_it_is_given(name: str, shown: str) -> None:
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    console = VisibleConsole(width=300, record=True, file=io.StringIO())
    table = Table(title=escape(name))
    table.add_column(escape(name))
    table.add_row(escape(name))
    for one in (escape(name), Text(name), table):
        console.print(one)
    assert not any(map(is_hidden, console.export_text().replace("\n", "")))


@pytest.mark.parametrize(
    ("text", "longest"),
    [
        ("x" * 70_000, 260),
        ("the op " + "x" * 70_000 + " is not known", 290),
        ("a/" * 35_000, 1_100),
        ("a b " * 20_000, 5_100),
    ],
)
def test_long_names_are_cut_and_their_length_is_told(text: str, longest: int) -> None:
    for short in (sentence(text), shown_name(text)):
        assert len(short) <= longest
        assert re.search(r"\([\d,]+ characters\)", short)


@pytest.mark.parametrize("text", ["a.py:3: fine", "/tmp/" + "folder/" * 60 + "model", "line one\n    line two"])
def test_messages_of_ordinary_length_stay(text: str) -> None:
    assert visible(text) == text
    assert sentence(text).replace("\n        ", "\n    ") == text


def everywhere(graph: Any) -> None:
    """The escape sequence in every place of a model that is shown."""
    node_before(graph, f"node{SCREEN}", f"Op{SCREEN}")
    for change in (renamed_tensor("inputs", SCREEN), renamed_tensor("outputs", SCREEN), renamed_signature(SCREEN)):
        change(graph)
    graph.signature_def[SCREEN].method_name = SCREEN
    graph.meta_info_def.tags.append(SCREEN)
    graph.meta_info_def.tensorflow_version = SCREEN
    graph.asset_file_def.add(filename=SCREEN).tensor_info.name = "x:0"
    graph.collection_def["legacy_init_op"].node_list.value.append(SCREEN)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return changed(tmp_path_factory.mktemp("odd") / f"model{SCREEN}", everywhere)


PLACES: dict[str, Callable[[Path, Path], tuple[object, ...]]] = {
    "inspect": lambda model, _: ("inspect", model),
    "methods": lambda model, _: ("methods", model),
    "rewrap": lambda model, out: ("rewrap", model, "-o", out),
    "verify": lambda model, _: ("verify", model, MODELS_DIR / "ref_simple_save" / "model"),
    "no such model": lambda model, _: ("inspect", model.parent / f"gone{SCREEN}"),
    "arguments": lambda _, out: ("rewrap", out, "-o", out, f"--no-such{SCREEN}"),
    "scan": lambda model, _: ("scan", model.parent),
    "codemod": lambda model, _: ("codemod", model.parent, "--check"),
}


@pytest.mark.parametrize("arguments", PLACES.values(), ids=PLACES)
def test_no_command_prints_it(arguments: Callable[[Path, Path], tuple[object, ...]], odd: Path, tmp_path: Path) -> None:
    code = odd.parent / f"code{SCREEN}.py"
    code.write_text(
        "import tensorflow as tf\ntf.saved_model.simple_save(s, 'x', {}, {})\ntf.saved_model.simple_save(\n"
    )
    ended = tf1to2(*arguments(odd, tmp_path / "out"))
    ended.check_spoken()
    assert not set("\x1b\x07\x9b") & set(ended.said)


def test_json_holds_the_names_as_they_are(odd: Path) -> None:
    ended = tf1to2("inspect", odd, "--json", "-")
    assert not set("\x1b\x07") & set(ended.stdout)
    assert json.loads(ended.stdout)["meta_graphs"][0]["signatures"][0]["key"] == SCREEN


def test_a_diff_is_a_patch_in_a_pipe_and_shown_on_a_terminal(tmp_path: Path) -> None:
    code = "import tensorflow as tf\nname = '\x1b[2J'\ntf.saved_model.simple_save(sess, name, {'x': x}, {'y': y})\n"
    (tmp_path / "a.py").write_text(code)
    assert "'\x1b[2J'" in tf1to2("codemod", tmp_path).stdout
    with Terminal("codemod", tmp_path) as terminal:
        assert terminal.exit_status in (0, 1)
        assert "\x1b[2J" not in terminal.raw
        assert r"name = '\x1b[2J'" in terminal.raw


def test_a_long_tag_costs_no_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = changed(tmp_path / "model", lambda graph: graph.meta_info_def.tags.append("t" * 70_000))
    facts = inspect_model(InspectTask(model))
    started = time.process_time()
    print_facts(facts, verdict(facts))
    assert time.process_time() - started < 3
    assert "(70,000characters)" in "".join(capsys.readouterr().out.split())


def test_commands_print_through_the_console_alone() -> None:
    """`print`, `typer.echo` and rich's own console know nothing of control characters."""
    direct = re.compile(r"\btyper\.echo|[^.\w]print\(|\bimport Console\b|sys\.stderr\.write")
    layer = Path(__file__).parents[2] / "migrate" / "cli"
    allowed = {"console.py", "review_screen.py"}  # the console, and one that takes it from a test
    found = [file.name for file in layer.rglob("*.py") if direct.search(file.read_text()) and file.name not in allowed]
    assert found == []
