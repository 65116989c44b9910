"""Makes the tables of names again: `python codemods/names/releases/make.py [RELEASE...]`.

For each release (by default all of `_RELEASES`) it makes a virtual environment that is thrown away, has `read.py` look
at the TensorFlow there, and packs what it found, with what the tables have of other releases, into `names.txt.gz` and
`meanings.txt.gz`. Then `../lost/read.py` does so for `lost.txt.gz`, which needs the names of the release.
A release needs some 3 GB on the disk while it is read, and a few minutes. The Pythons (`python3.7` and so on) are
looked for on the PATH and among those of pyenv. `--read FOLDER` packs what the scripts wrote there before.

A table is a text of sections: a line `= 2.15 2.16`, then the lines that exactly these releases have, in order.
"""

from __future__ import annotations

import argparse
import gzip
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

_HERE = Path(__file__).parent
KINDS = ("names", "meanings")
LOST = "lost"
_TF1 = "1.15"
# Each with the Python that it needs and the packages beside it. Those between 1.15 and 2.15 are no targets: they tell
# which names TensorFlow 2 had for a while.
_RELEASES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "1.15": ("3.7", ("tensorflow==1.15.5", "protobuf<3.21", "numpy<1.19")),
    "2.0": ("3.7", ("tensorflow==2.0.*", "protobuf<3.21")),
    "2.5": ("3.7", ("tensorflow==2.5.*", "protobuf<3.21")),
    "2.10": ("3.8", ("tensorflow==2.10.*",)),
    "2.15": ("3.11", ("tensorflow==2.15.*", "tf-keras==2.15.*")),
    **{f"2.{minor}": ("3.11", (f"tensorflow==2.{minor}.*", f"tf-keras==2.{minor}.*")) for minor in range(16, 22)},
}
# Of these nobody asks what they have lost.
_NO_TARGETS = frozenset({"2.0", "2.5", "2.10"})


def main() -> None:
    """Read the releases that were asked for, and write the tables."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("release", nargs="*", help=f"of {', '.join(_RELEASES)}; all of them where none is given")
    parser.add_argument("--read", type=Path, help="a folder with what read.py wrote: nothing is installed")
    arguments = parser.parse_args()
    unknown = [release for release in arguments.release if release not in _RELEASES]
    if unknown:
        parser.error(f"unknown release {unknown[0]}: add it to _RELEASES in {__file__}")
    with tempfile.TemporaryDirectory() as work:
        folder = arguments.read or Path(work)
        for release in () if arguments.read else arguments.release or _RELEASES:
            _read(release, folder)
        for kind in (*KINDS, LOST):
            _pack(kind, folder)


def _read(release: str, folder: Path) -> None:
    """Have both scripts write what a release has and has not, in an environment that is gone afterwards."""
    version, packages = _RELEASES[release]
    with tempfile.TemporaryDirectory() as environment:
        subprocess.run([_python(version), "-m", "venv", environment], check=True)
        python = str(Path(environment, "bin", "python"))
        subprocess.run([python, "-m", "pip", "install", "-q", "--upgrade", "pip"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--no-cache-dir", *packages], check=True)
        subprocess.run([python, str(_HERE / "read.py"), str(folder)], check=True)
        if release not in _NO_TARGETS:
            _pack(KINDS[0], folder)
            subprocess.run([python, str(_HERE.parent / "lost" / "read.py"), str(folder)], check=True)


def _python(version: str) -> str:
    """Return the Python of a version, from the PATH or from pyenv."""
    found = shutil.which(f"python{version}")
    if found is not None and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
        return found
    for path in sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python")):
        return str(path)
    sys.exit(f"no Python {version} here, which a release needs: put python{version} on the PATH, or pyenv install it")


def _pack(kind: str, folder: Path) -> None:
    """Write the table of a kind: what was read now, and what it had of other releases."""
    table = _HERE / f"{kind}.txt.gz"
    rows = sections(gzip.decompress(table.read_bytes()).decode()) if table.exists() else {}
    for path in folder.glob(f"{kind}-*.txt"):
        rows[path.stem.partition("-")[2]] = frozenset(path.read_text(encoding="utf-8").splitlines())
    if kind == "meanings":
        rows = _about_shared_names(rows)
    table.write_bytes(_compressed(_text(rows)))
    print(table.name, table.stat().st_size, "bytes,", ", ".join(f"{each}: {len(rows[each])}" for each in _sorted(rows)))


def _about_shared_names(rows: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Leave out what TensorFlow 1 takes by names that have one meaning in TensorFlow 2."""
    shared = {line.partition("\t")[0] for release in rows if release != _TF1 for line in rows[release]}
    kept = frozenset(line for line in rows.get(_TF1, ()) if line.partition("\t")[0] in shared)
    return {**rows, _TF1: kept}


def sections(text: str) -> dict[str, frozenset[str]]:
    """Return the lines of each release of a table."""
    rows: dict[str, set[str]] = {}
    for section in f"\n{text}".split("\n= ")[1:]:
        releases, *lines = section.splitlines()
        for release in releases.split():
            rows.setdefault(release, set()).update(lines)
    return {release: frozenset(lines) for release, lines in rows.items()}


def _text(rows: Mapping[str, frozenset[str]]) -> str:
    having: dict[str, list[str]] = {}
    for release in _sorted(rows):
        for line in rows[release]:
            having.setdefault(line, []).append(release)
    grouped: dict[str, list[str]] = {}
    for line in sorted(having):
        grouped.setdefault(" ".join(having[line]), []).append(line)
    return "".join(
        f"= {releases}\n" + "".join(f"{line}\n" for line in grouped[releases]) for releases in sorted(grouped)
    )


def _sorted(releases: Iterable[str]) -> list[str]:
    return sorted(releases, key=lambda release: [int(part) for part in release.split(".")])


def _compressed(text: str) -> bytes:
    """Return the text compressed, the same bytes whenever that is."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=out, mtime=0) as file:
        file.write(text.encode())
    return out.getvalue()


if __name__ == "__main__":
    main()
