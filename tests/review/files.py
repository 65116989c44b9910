"""Small files under review: made by hand where the dependencies matter, planned by the rules where the code does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from codemods.edit.edits import Edit
from codemods.engine.decoded_file import open_document
from codemods.site import Guidance, Outcome, Site
from codemods.source.mode import Mode
from migrate.codemod.discover import discover
from migrate.codemod.options import RunOptions
from migrate.codemod.result import RunResult
from migrate.codemod.run import run_codemods
from migrate.review.agenda import Agenda, agenda_of
from migrate.review.files import ReviewFile

SIMPLE_SAVE = """import tensorflow as tf


def export(sess, x, y, path):
    tf.saved_model.simple_save(sess, path, inputs={"x": x}, outputs={"y": y})


def export_again(sess, x, z, path):
    tf.saved_model.simple_save(sess, path, inputs={"x": x}, outputs={"z": z})
"""


def numbered_file(path: str, needs: Mapping[str, str], rules: Mapping[str, str] | None = None) -> ReviewFile:
    """Return a file with a line `a = 0` for every site `a`, to become `a = 1`; `needs` maps `a` to what it needs."""
    text = "".join(f"{name} = 0\n" for name in needs)
    sites = []
    for name, wanted in needs.items():
        place = text.index(f"{name} = 0") + len(name) + 3
        sites.append(
            Site(
                id=f"{path}:{name}",
                rule=(rules or {}).get(name, "SM101"),
                symbol="tensorflow.saved_model.simple_save",
                line=text.count("\n", 0, place) + 1,
                col=0,
                cell=None,
                outcome=Outcome.SHIM,
                reason="a test",
                guidance=Guidance.GLANCE,
                anchor=place,
                edits=(Edit(place, place + 1, "1"),),
                needs=frozenset(f"{path}:{other}" for other in wanted),
            )
        )
    return ReviewFile(path, Mode.EAGER, text.encode(), tuple(sites), open_document(path, text.encode()))


def numbered_agenda(**files: Mapping[str, str]) -> Agenda:
    """Return an agenda of such files: `numbered_agenda(one={"a": "", "b": "a"})`."""
    return agenda_of(numbered_file(f"{name}.py", needs) for name, needs in files.items())


def planned(root: Path, sources: Mapping[str, str | bytes], **options: object) -> RunResult:
    """Write the sources below `root` and return what the rules would change."""
    for path, source in sources.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(source if isinstance(source, bytes) else source.encode())
    return run_codemods(discover([root]), RunOptions(jobs=1, **options))  # type: ignore[arg-type]
