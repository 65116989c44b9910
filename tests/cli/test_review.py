"""`tf1to2 review` in a terminal, as a person meets it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pty", reason="pseudo-terminals are of POSIX")

from codemods.engine.decoded_file import open_document
from migrate.codemod.discover import discover
from migrate.codemod.options import RunOptions
from migrate.codemod.result import RunResult
from migrate.codemod.run import run_codemods
from tests.cli.terminal import Terminal
from tests.review.files import SIMPLE_SAVE

DECISIONS = ".tf1to2-review.json"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Two programs of two or three changes each, and what they need installed."""
    folder = tmp_path / "repo"
    folder.mkdir()
    (folder / "first.py").write_text(SIMPLE_SAVE)
    (folder / "second.py").write_text(SIMPLE_SAVE.replace("path", "folder"))
    (folder / "requirements.txt").write_text("tensorflow==1.15\n")
    return folder


def plan(folder: Path) -> RunResult:
    return run_codemods(discover([folder]), RunOptions(jobs=1))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != DECISIONS}


def decided(folder: Path) -> dict[tuple[str, int, str], str]:
    document = json.loads((folder / DECISIONS).read_text())
    return {(entry["path"], entry["line"], entry["rule"]): entry["decision"] for entry in document["decisions"]}


def until_closing(terminal: Terminal, key: str) -> int:
    """Press a key until every change is decided; return how often."""
    shown, count = terminal.wait(), 0
    while "Accept?" in shown:
        shown, count = terminal.press(key), count + 1
    assert "Every change is decided" in shown
    return count


def test_accepting_everything_is_what_codemod_writes(repo: Path) -> None:
    expected = {item.path: item.new for item in plan(repo).changed}
    with Terminal("review", repo) as terminal:
        until_closing(terminal, "y")
        terminal.press("q")
        assert terminal.exit_status == 0
    assert contents(repo) == expected


def test_rejecting_everything_changes_no_byte(repo: Path) -> None:
    before = contents(repo)
    with Terminal("review", repo) as terminal:
        until_closing(terminal, "n")
        terminal.press("q")
        assert terminal.exit_status == 0
    assert contents(repo) == before
    assert set(decided(repo).values()) == {"rejected"}


def test_exactly_the_accepted_changes_are_made(repo: Path) -> None:
    item = next(item for item in plan(repo).changed if item.path == "first.py")
    exports = [site for site in item.sites if site.rule == "SM101"]
    with Terminal("review", repo / "first.py") as terminal:
        shown = terminal.wait()
        while "Accept?" in shown:
            is_second = f"SM101 simple-save, line {exports[1].line}:" in shown
            shown = terminal.press("n" if is_second else "y")
        terminal.press("q")
        assert terminal.exit_status == 0
    kept = [site for site in item.sites if site != exports[1]]
    assert (repo / "first.py").read_bytes() == open_document("first.py", item.old).apply(kept)


def test_other_keys_decide_nothing(repo: Path) -> None:
    before = contents(repo)
    with Terminal("review", repo) as terminal:
        total = terminal.wait().partition("change 1 of ")[2].split(",")[0]
        for keys in ("\r", "\n", " ", "Y", "x", "\x1b[A", "\x1b", "\t", "yy", "yes\r", "é", "?", "i", "l"):
            shown = terminal.press(keys)
            assert "Accept?" in shown and "Accepted" not in shown, repr(keys)
        assert f"{total} undecided" in terminal.press("q")
        assert terminal.exit_status == 1
    assert contents(repo) == before


def test_a_review_goes_on_where_it_was_left(repo: Path) -> None:
    expected = {item.path: item.new for item in plan(repo).changed}
    with Terminal("review", repo) as terminal:
        terminal.wait()
        shown = terminal.press("a")  # the first file is done, and written
        assert "Wrote: first.py" in shown
        terminal.press("q")
        assert terminal.exit_status == 1
    assert contents(repo)["first.py"] == expected["first.py"]
    with Terminal("review", repo) as terminal:
        shown = terminal.wait()
        assert "second.py" in shown and "first.py" not in shown
        while "Accept?" in shown:
            shown = terminal.press("y")
        terminal.press("q")
        assert terminal.exit_status == 0
    assert contents(repo) == expected, "also the requirements, which the first file needs too"


def test_undo_reaches_back_through_an_earlier_review(repo: Path) -> None:
    before = contents(repo)
    with Terminal("review", repo) as terminal:
        until_closing(terminal, "y")
        terminal.press("q")
        assert terminal.exit_status == 0
    assert contents(repo) != before
    with Terminal("review", repo) as terminal:
        shown = terminal.wait()
        assert "Every change is decided" in shown
        while "There is nothing to undo" not in shown:
            shown = terminal.press("u")
        terminal.press("q")
        assert terminal.exit_status == 1
    assert contents(repo) == before


def test_leaving_everything_as_it_was(repo: Path) -> None:
    before = contents(repo)
    with Terminal("review", repo) as terminal:
        terminal.wait()
        terminal.press("a")
        terminal.press("y")
        assert contents(repo) != before
        terminal.press("Q")
        assert terminal.exit_status == 1
    assert contents(repo) == before
    assert "accepted" in decided(repo).values()


@pytest.mark.parametrize("how", ["\x03", "\x04", signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_the_decisions_and_leaves_nothing_half_done(repo: Path, how: str | int) -> None:
    before = contents(repo)
    expected = {item.path: item.new for item in plan(repo).changed}
    with Terminal("review", repo) as terminal:
        terminal.wait()
        terminal.press("a")
        terminal.press("y")
        if isinstance(how, str):
            terminal.press(how)
        else:
            terminal.signal(how)
        assert terminal.exit_status == 1
        assert terminal.is_cooked
        assert "Traceback" not in terminal.text
    assert contents(repo) == {**before, "first.py": expected["first.py"]}
    assert {path for path, _, _ in decided(repo)} == {"first.py", "second.py"}
    assert {path.name for path in repo.iterdir()} == {*before, DECISIONS}


def test_a_persons_change_is_never_lost(repo: Path) -> None:
    with Terminal("review", repo) as terminal:
        terminal.wait()
        (repo / "first.py").write_text("mine = 1\n")
        shown = terminal.press("a")
        assert "first.py: it changed since it was read" in " ".join(shown.split())
        terminal.press("q")
        assert terminal.exit_status == 2
    assert (repo / "first.py").read_text() == "mine = 1\n"
    assert ("first.py", 5, "SM101") in decided(repo)


def test_two_reviews_at_once_do_not_mix_their_decisions(repo: Path) -> None:
    with Terminal("review", repo) as one, Terminal("review", repo) as other:
        one.wait()
        other.wait()
        one.press("y")
        shown = other.press("n")
        assert "another review wrote to it" in " ".join(shown.split())
        assert other.exit_status == 2
    assert set(decided(repo).values()) == {"accepted"}


def editor(folder: Path, body: str) -> dict[str, str]:
    script = folder / "editor.py"
    script.write_text(f"import sys, pathlib\np = pathlib.Path(sys.argv[1])\nt = p.read_text()\n{body}\n")
    return {"EDITOR": f"{sys.executable} {script}", "VISUAL": ""}


def at_first_export(terminal: Terminal) -> str:
    shown = terminal.wait()
    while "SM101" not in shown.rpartition("undecided")[2].splitlines()[1]:
        shown = terminal.press("y")
    return shown


def test_edited_code_is_what_is_written(repo: Path, tmp_path: Path) -> None:
    environment = editor(tmp_path, "p.write_text(t.replace('export_session(sess,', 'export_session(sess or None,'))")
    with Terminal("review", repo / "first.py", environment=environment) as terminal:
        at_first_export(terminal)
        assert "Accepted as edited" in terminal.press("e")
        terminal.press("q")
        terminal.wait()
    text = (repo / "first.py").read_text()
    assert "export_session(sess or None, path" in text and "from migrate.shim import export_session" in text


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("sys.exit(3)", "ended with status 3"),
        ("p.write_text('')", "must stay"),
        ("p.unlink()", "cannot be read"),
        ("p.write_bytes(b'\\xff')", "cannot be read"),
        ("p.write_text(t.replace('export_session(', 'export_session(('))", "cannot be accepted"),
    ],
)
def test_an_edit_that_fails_decides_nothing(repo: Path, tmp_path: Path, body: str, message: str) -> None:
    with Terminal("review", repo / "first.py", environment=editor(tmp_path, body)) as terminal:
        at_first_export(terminal)
        shown = terminal.press("e")
        assert message in " ".join(shown.split()) and "Accepted" not in shown
        terminal.press("Q")


def test_a_missing_editor_is_told(repo: Path) -> None:
    with Terminal("review", repo, environment={"EDITOR": "/no/such/editor", "VISUAL": ""}) as terminal:
        terminal.wait()
        assert "cannot be started" in terminal.press("e")


def test_words_help_and_why(repo: Path) -> None:
    with Terminal("review", repo / "first.py", rows=60) as terminal:
        at_first_export(terminal)
        assert "[-tf.saved_model.simple_save-]{+export_session+}" in terminal.press("w")
        assert "https://www.tensorflow.org/guide/migrate/saved_model" in terminal.press("i")
        shown = terminal.press("?")
        assert "accept this change" in shown and "never" not in shown.partition("Accept?")[0].partition("\n")[0]


def test_colour_only_where_it_is_wanted(repo: Path) -> None:
    with Terminal("review", repo) as terminal:
        terminal.wait()
        assert "\x1b[32m" in terminal.raw or "\x1b[1;32m" in terminal.raw
    with Terminal("review", repo, environment={"NO_COLOR": "1"}) as terminal:
        terminal.wait()
        assert not any(f"\x1b[{code}m" in terminal.raw for code in ("31", "32", "1;31", "1;32", "36", "1;36"))


def test_a_narrow_terminal_wraps(repo: Path) -> None:
    with Terminal("review", repo / "first.py", columns=34, rows=20) as terminal:
        at_first_export(terminal)
        terminal.press(" ")
        lines = terminal.text.splitlines()
        assert max(len(line) for line in lines if "Accept?" not in line) <= 34


def test_a_long_change_comes_page_by_page(repo: Path) -> None:
    with Terminal("review", repo / "first.py", rows=12, columns=40) as terminal:
        shown = at_first_export(terminal)
        assert "more lines: space shows them" in shown and "export_again" not in shown
        pages = 0
        while "more lines: space shows them" in shown:
            shown, pages = terminal.press(" "), pages + 1
        assert pages >= 1 and "export_again" in terminal.text
        assert "There is no more to show" in terminal.press(" ")


def test_code_cannot_steer_the_terminal(repo: Path) -> None:
    hidden = "    # \x1b]0;owned\x07 \u202e\x9b31m\n    tf.saved"
    (repo / "first.py").write_text(SIMPLE_SAVE.replace("    tf.saved", hidden, 1))
    with Terminal("review", repo / "first.py") as terminal:
        at_first_export(terminal)
        assert "\x1b]0;owned" not in terminal.raw and "\u202e" not in terminal.raw and "\x9b" not in terminal.raw
        assert "\\x1b]0;owned" in terminal.text


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migrate", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_terminal_it_names_what_to_use(repo: Path) -> None:
    before = contents(repo)
    done = run("review", repo)
    assert done.returncode == 2
    assert "--write" in done.stderr and "--diff" in done.stderr and "--replay" in done.stderr
    assert contents(repo) == before and not (repo / DECISIONS).exists()


@pytest.fixture
def reviewed(repo: Path, tmp_path: Path) -> Path:
    """Decisions about everything: the first export of each file is rejected."""
    copy = tmp_path / "colleague"
    shutil.copytree(repo, copy)
    with Terminal("review", copy, "--decisions", tmp_path / "decisions.json") as terminal:
        shown = terminal.wait()
        while "Accept?" in shown:
            shown = terminal.press("n" if "SM101 simple-save, line 5:" in shown else "y")
        terminal.press("q")
        assert terminal.exit_status == 0
    assert not (copy / DECISIONS).exists()
    return tmp_path / "decisions.json"


def test_a_replay_makes_what_the_colleague_accepted(repo: Path, reviewed: Path, tmp_path: Path) -> None:
    stored = reviewed.read_bytes()
    done = run("review", repo, "--replay", reviewed, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert contents(repo) == contents(tmp_path / "colleague")
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["summary"]["undecided"] == 0 and report["summary"]["files_written"] == 3
    assert reviewed.read_bytes() == stored
    again = run("review", repo, "--replay", reviewed)
    assert again.returncode == 0, again.stderr
    assert contents(repo) == contents(tmp_path / "colleague")


def test_a_replay_reports_what_it_does_not_know(repo: Path, reviewed: Path) -> None:
    text = (repo / "first.py").read_text()
    (repo / "first.py").write_text(
        text.replace("z", "q") + "\n\n" + SIMPLE_SAVE.partition("\n\n\n")[2].split("\n\n\n")[0]
    )
    done = run("review", repo, "--replay", reviewed)
    assert done.returncode == 1
    assert "1 accepted changes are not proposed any more" in done.stderr
    assert "SM101 at line 9 is undecided" in done.stderr
    written = (repo / "first.py").read_text()
    assert '{"q": q}' in written and written.count("simple_save") == 3


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such decisions file"), ("", "not a decisions file"), ('{"version": 9}', "has version 9")],
)
def test_a_replay_of_nothing_is_refused(repo: Path, tmp_path: Path, content: str | None, message: str) -> None:
    before = contents(repo)
    if content is not None:
        (tmp_path / "bad.json").write_text(content)
    done = run("review", repo, "--replay", tmp_path / "bad.json")
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
    assert contents(repo) == before


def test_a_replay_over_a_persons_change_decides_by_the_code(repo: Path, reviewed: Path) -> None:
    text = (repo / "first.py").read_text()
    (repo / "first.py").write_text("# a note of mine\n" + text)
    done = run("review", repo, "--replay", reviewed)
    assert done.returncode == 0, done.stderr
    written = (repo / "first.py").read_text()
    assert written.startswith("# a note of mine\n") and written.count("export_session(") == 1


def test_a_place_that_takes_no_decisions_is_told_before_the_first_question(repo: Path, tmp_path: Path) -> None:
    with Terminal("review", repo, "--decisions", tmp_path / "no" / "file.json") as terminal:
        assert "cannot be kept there" in " ".join(terminal.wait().split())
        assert terminal.exit_status == 2


def test_it_starts_without_tensorflow() -> None:
    code = "import sys, migrate.cli.review_run, migrate.cli.commands.review; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_editor_gets_its_own_interrupts(repo: Path, tmp_path: Path) -> None:
    body = (
        "import os, signal\nos.kill(os.getppid(), signal.SIGINT)\n"
        "p.write_text(t.replace('session(sess,', 'session(sess or 1,'))"
    )
    with Terminal("review", repo / "first.py", environment=editor(tmp_path, body)) as terminal:
        at_first_export(terminal)
        assert "Accepted as edited" in terminal.press("e")
        terminal.press("Q")


def test_nothing_to_review_is_done(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("print(1)\n")
    with Terminal("review", tmp_path) as terminal:
        assert terminal.exit_status == 0
    assert [path.name for path in tmp_path.iterdir()] == ["plain.py"]


def test_select_ignore_and_todo_choose_what_is_asked(repo: Path) -> None:
    with Terminal("review", repo, "--ignore", "SM903") as terminal:
        until_closing(terminal, "y")
        terminal.press("q")
        assert terminal.exit_status == 0
    assert contents(repo)["requirements.txt"] == b"tensorflow==1.15\n"
