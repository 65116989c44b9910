"""Outputs are written where asked and nowhere else; a regular file is whole or as it was; nothing is left beside it."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from migrate.files import writer
from migrate.files.destination import UnwritableError
from migrate.files.writer import ChangedFileError, write_output, write_over
from tests.faults.running import command, tf1to2

NEW = b"new content\n"
OLD = b"old content\n"
_NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may make this")


@dataclass(frozen=True, slots=True)
class Target:
    """Something to write to. `make` makes it in a folder and returns the path to give."""

    name: str
    make: Callable[[Path], Path]
    words: str = ""
    """Of the refusal; empty where it must work."""


def there(folder: Path, content: bytes = OLD, mode: int = 0o644) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def link(folder: Path, target: str | Path) -> Path:
    path = folder / "link"
    path.symlink_to(target)
    return path


def deep_links(folder: Path) -> Path:
    (folder / "inner").mkdir()
    (folder / "inner" / "one").symlink_to("../two")
    (folder / "two").symlink_to("inner/real")
    return link(folder, "inner/one")


def loop(folder: Path) -> Path:
    (folder / "other").symlink_to("link")
    return link(folder, "other")


def a_folder(folder: Path) -> Path:
    (folder / "sub").mkdir()
    return folder / "sub"


def a_socket(folder: Path) -> Path:
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("socket")
    finally:
        os.chdir(here)
    return folder / "socket"


def disk(folder: Path) -> Path:
    os.mknod(folder / "disk", stat.S_IFBLK | 0o600, os.makedev(7, 250))
    return folder / "disk"


REGULAR = [
    Target("a new file", lambda folder: folder / "file"),
    Target("an existing file", there),
    Target("an empty file", lambda folder: there(folder, b"")),
    Target("a file of its owner alone", lambda folder: there(folder, mode=0o600)),
    Target("a program", lambda folder: there(folder, mode=0o755)),
    Target("a link to a file", lambda folder: link(folder, there(folder))),
    Target("a link relative to its own folder", lambda folder: link(folder, there(folder).name)),
    Target("a dangling link", lambda folder: link(folder, "file")),
    Target("a link to a link to nothing yet", deep_links),
    Target("a folder behind a link", lambda folder: link(folder, a_folder(folder)) / "file"),
    Target("a name of 250 bytes", lambda folder: folder / ("n" * 250)),
    Target("a name that is no UTF-8", lambda folder: folder / os.fsdecode(b"caf\xe9")),
    Target("a name with a newline", lambda folder: folder / "a\nb"),
]
REFUSED = [
    Target("a folder", a_folder, "folder; give the name of a file"),
    Target("a link to a folder", lambda folder: link(folder, a_folder(folder)), "it is a folder"),
    Target("a link loop", loop, "leads back to itself"),
    Target("a link to itself", lambda folder: link(folder, "link"), "leads back to itself"),
    Target("in no folder", lambda folder: folder / "none" / "file", "there is no folder"),
    Target("a dangling link into no folder", lambda folder: link(folder, "none/file"), "there is no folder"),
    Target("below a file", lambda folder: there(folder) / "file", "not a directory"),
    Target("a name too long", lambda folder: folder / ("n" * 300), "name is too long"),
    Target("a socket", a_socket, "it is a socket"),
    Target("a full device", lambda folder: Path("/dev/full"), "no space left"),
    Target("a closed descriptor", lambda folder: Path("/dev/fd/987"), "987 is not open"),
]


def names(folder: Path) -> set[str]:
    return {os.path.relpath(path, folder) for path in folder.rglob("*")}


@pytest.mark.parametrize("target", REGULAR, ids=lambda target: target.name)
def test_a_regular_file_is_written_and_nothing_else(target: Target, tmp_path: Path) -> None:
    path = target.make(tmp_path)
    kept = path.is_symlink(), path.stat().st_mode if path.exists() else stat.S_IFREG | 0o666 & ~umask()
    before = names(tmp_path)
    write_output(path, NEW)
    assert path.read_bytes() == NEW
    assert (path.is_symlink(), path.stat().st_mode) == kept
    assert names(tmp_path) - before <= {os.path.relpath(os.path.realpath(path), tmp_path)}


@pytest.mark.parametrize("target", REFUSED, ids=lambda target: target.name)
def test_what_is_no_place_for_a_file_is_refused_in_words(target: Target, tmp_path: Path) -> None:
    path = target.make(tmp_path)
    before = names(tmp_path)
    with pytest.raises(UnwritableError, match=target.words):
        write_output(path, NEW)
    assert names(tmp_path) == before


@pytest.fixture
def folder_of_a_user(tmp_path: Path) -> Iterator[Path]:
    """A folder of a user who may not write everywhere: for the time of the test this process is that user."""
    if os.geteuid() != 0:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, 0)
        try:
            yield Path(folder)
        finally:
            os.setresuid(0, 0, 0)


@pytest.mark.parametrize("mode", [0o444, 0o000])
def test_a_read_only_file_is_refused(mode: int, folder_of_a_user: Path) -> None:
    path = there(folder_of_a_user, mode=mode)
    with pytest.raises(UnwritableError, match="read-only"):
        write_output(path, NEW)
    assert list(path.parent.iterdir()) == [path]


@as_root
def test_a_device_stays_a_device(tmp_path: Path) -> None:
    node = tmp_path / "null"
    os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    for path in (node, link(tmp_path, node)):
        write_output(path, NEW)
    assert stat.S_ISCHR(node.stat().st_mode)
    assert names(tmp_path) == {"null", "link"}


@as_root
def test_a_disk_is_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(UnwritableError, match="it is a disk"):
        write_output(disk(tmp_path), NEW)


def test_a_pipe_is_written_to_as_soon_as_it_has_a_reader(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Timer(0.2, lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_output(pipe, NEW * 100_000)
    reader.join()
    assert read == [NEW * 100_000]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_pipe_that_nobody_reads_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(writer, "_SECONDS_FOR_A_READER", 0.1)
    with pytest.raises(UnwritableError, match="nobody read"):
        write_output(tmp_path / "pipe", NEW)


@pytest.mark.parametrize("spelling", ["/dev/fd/{}", "/proc/self/fd/{}", "/proc/{pid}/fd/{}", "{folder}/link"])
def test_an_open_descriptor_goes_on_where_it_is(spelling: str, tmp_path: Path) -> None:
    with there(tmp_path).open("ab") as file:
        link(tmp_path, f"/dev/fd/{file.fileno()}")
        write_output(Path(spelling.format(file.fileno(), pid=os.getpid(), folder=tmp_path)), NEW)
    assert (tmp_path / "file").read_bytes() == OLD + NEW


def test_a_descriptor_for_reading_is_refused(tmp_path: Path) -> None:
    with there(tmp_path).open("rb") as file, pytest.raises(UnwritableError, match="for reading only"):
        write_output(Path(f"/dev/fd/{file.fileno()}"), NEW)
    assert (tmp_path / "file").read_bytes() == OLD


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device"), MemoryError])
@pytest.mark.parametrize("step", ["write", "fsync", "fchmod"])
def test_a_failure_leaves_the_old_file_and_nothing_beside_it(
    step: str, error: type[BaseException] | OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    path = there(tmp_path)
    monkeypatch.setattr(os, step, fail)
    with pytest.raises((KeyboardInterrupt, MemoryError, UnwritableError)):
        write_output(path, NEW)
    assert names(tmp_path) == {"file"}
    assert path.read_bytes() == OLD


def test_writers_at_once_leave_the_whole_content_of_one(tmp_path: Path) -> None:
    contents = [bytes([65 + number]) * 200_000 for number in range(8)]
    threads = [threading.Thread(target=write_output, args=(tmp_path / "file", content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "file").read_bytes() in contents
    assert names(tmp_path) == {"file"}


def test_other_names_of_a_file_keep_its_content(tmp_path: Path) -> None:
    (tmp_path / "other").hardlink_to(there(tmp_path))
    write_output(tmp_path / "file", NEW)
    assert (tmp_path / "other").read_bytes() == OLD


@as_root
def test_the_owner_stays(tmp_path: Path) -> None:
    path = there(tmp_path, mode=0o640)
    os.chown(path, 1234, 2345)
    write_output(path, NEW)
    status = path.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (1234, 2345, 0o640)


def test_attributes_of_users_stay(tmp_path: Path) -> None:
    path = there(tmp_path)
    try:
        os.setxattr(path, "user.origin", b"x")
    except OSError:
        pytest.skip("the file system has no extended attributes")
    write_output(path, NEW)
    assert os.getxattr(path, "user.origin") == b"x"


@pytest.mark.parametrize("known", [None, b"something else"])
def test_a_file_that_holds_something_else_is_not_written_over(known: bytes | None, tmp_path: Path) -> None:
    path = there(tmp_path)
    with pytest.raises(ChangedFileError):
        write_over(path, known, NEW)
    assert (path.read_bytes(), names(tmp_path)) == (OLD, {"file"})


@as_root
def test_only_regular_files_are_written_over(tmp_path: Path) -> None:
    os.mknod(tmp_path / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    with pytest.raises(UnwritableError, match="no regular file"):
        write_over(tmp_path / "null", b"", NEW)


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


SOURCE = "import tensorflow as tf\n\ndef f(s, d, i, o):\n    tf.saved_model.simple_save(s, d, i, o)\n"

REFUSED_AT_ONCE = [
    (["codemod", "code", "--json", "x", "--sarif", "x"], "same file"),
    (["codemod", "code", "--json", "-", "--sarif", "-"], "same file"),
    (["codemod", "code", "--json", "x", "--patch", "link"], "same file"),
    (["codemod", "code", "--json", "code/a.py"], "source code"),
    (["codemod", "code", "--write", "--patch", "linked_source"], "source code"),
    (["codemod", "code", "--sarif", "requirements.txt"], "source code"),
    (["codemod", "code", "--json", "code"], "it is a folder"),
    (["codemod", "code", "--write", "--json", "none/x"], "no folder"),
    (["scan", "code", "--json", "code/a.py"], "source code"),
    (["review", "code", "--replay", "decisions", "--json", "decisions"], "decisions"),
    (["explain", "SM101", "--json", "/dev/full"], "no space left"),
    (["inspect", "model", "--json", "model/saved_model.pb"], "lies in the model"),
    (["inspect", "model/saved_model.pb", "--json", "model/saved_model.pb"], "the command reads it"),
    (["inspect", "model", "--json", "model"], "it is a folder"),
    (["verify", "model", "other", "--json", "other/variables/x"], "no folder"),
    (["verify", "model", "other", "--inputs", "x", "--json", "x"], "the command reads it"),
    (["methods", "model", "--json", "model/report.json"], "lies in the model"),
    (["rewrap", "trees", "-o", "out", "--json", "trees/one/saved_model.pb"], "lies in the model"),
    (["rewrap", "model", "-o", "out", "--json", "out"], "the result of the command goes there"),
    (["rewrap", "model", "-o", "out", "--json", "none/x"], "no folder"),
]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workplace")
    for path, content in {
        "code/a.py": SOURCE,
        "requirements.txt": "tensorflow\n",
        "x": "{}\n",
        "decisions": '{"version": 1, "decisions": []}\n',
        "model/saved_model.pb": "model",
        "other/saved_model.pb": "model",
        "trees/one/saved_model.pb": "model",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    (folder / "link").symlink_to("x")
    (folder / "linked_source").symlink_to("code/a.py")
    return folder


@pytest.mark.parametrize(("arguments", "words"), REFUSED_AT_ONCE, ids=lambda value: " ".join(value) if value else "")
def test_outputs_that_would_cost_something_are_refused_before_any_work(
    arguments: list[str], words: str, workplace: Path
) -> None:
    before = {path: path.read_bytes() for path in workplace.rglob("*") if path.is_file()}
    ended = tf1to2(*arguments, cwd=workplace)
    ended.check_spoken()
    assert ended.status == 2
    assert words in ended.stderr
    assert {path: path.read_bytes() for path in workplace.rglob("*") if path.is_file()} == before


def started(workplace: Path, *arguments: str, stdout: IO[bytes] | int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(command(*arguments), cwd=workplace, env=environment, stdout=stdout)


def test_several_outputs_may_go_to_one_device_and_each_to_a_pipe(workplace: Path, tmp_path: Path) -> None:
    ended = tf1to2(
        "codemod", "code", "--json", "/dev/null", "--sarif", "/dev/null", "--patch", tmp_path / "p", cwd=workplace
    )
    assert ended.status == 1 and stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert (tmp_path / "p").read_text().startswith("diff --git")
    os.mkfifo(tmp_path / "pipe")
    with started(workplace, "explain", "SM101", "--json", str(tmp_path / "pipe"), stdout=subprocess.DEVNULL) as process:
        assert (tmp_path / "pipe").read_bytes().startswith(b"{")
    assert process.returncode == 0


def test_standard_output_that_is_a_file_is_appended_to_by_name(workplace: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with out.open("wb") as file:
        file.write(b"before\n")
        file.flush()
        arguments = ("codemod", "code", "--diff", "--json", "/dev/stdout")
        assert started(workplace, *arguments, stdout=file).wait() == 1
        arguments = ("codemod", "code", "--diff", "--json", str(out))
        assert started(workplace, *arguments, stdout=file).wait() == 2  # it would lose the diff
    text = out.read_text()
    assert text.startswith("before\ndiff --git") and text.rstrip().endswith("}")
