"""Reads what the private modules of TensorFlow 1 had and a later release has not: `python read.py OUT_FOLDER`.

Run by a Python with TensorFlow 1.15 it writes `private.txt.gz` beside itself: every module of `tensorflow.python`,
`.core` and `.tools`, its names, and after `=` the names of `tensorflow.compat.v1` by which an object is public (`,`
between them). Run by a Python with a later release, it compares that with what the release has, and writes
`OUT_FOLDER/lost-<release>.txt`:

    module.b               the module is there; `b` is not
    module.b=train.b       and `b` is the same object as `tf.compat.v1.train.b`
    -module                the module itself is gone; only names of it with a home are listed
    ~module.b              only legacy Keras has the name in this public module of Keras

It needs nothing of this project, and runs on Python 3.7 too; `../releases/make.py` runs it, and packs what it wrote.
The public names of Keras come from the table that is there.
"""

from __future__ import annotations

import gzip
import importlib
import io
import os
import subprocess
import sys
import types
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

_HERE = Path(__file__).resolve().parent
_FIRST = "private.txt.gz"
_TOPS = ("python", "core", "tools")
# What every module of TensorFlow 1 binds beside its own names.
_OF_PYTHON = frozenset({"absolute_import", "division", "print_function", "unicode_literals", "google_type_annotations"})


def main(folder: Path) -> None:
    """Write what the TensorFlow beside this Python has lost; of TensorFlow 1, what there is to lose."""
    warnings.simplefilter("ignore")
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # the homes of layers and cells are there
    tensorflow = importlib.import_module("tensorflow")
    release = ".".join(tensorflow.__version__.split(".")[:2])
    if release == "1.15":
        (_HERE / _FIRST).write_bytes(_compressed("".join(line + "\n" for line in sorted(_first(tensorflow)))))
        return
    lines = sorted(_row(tensorflow, release))
    (folder / ("lost-" + release + ".txt")).write_text("".join(line + "\n" for line in lines))
    print(release, len(lines), "lost")


def _compressed(text: str) -> bytes:
    """Return the text compressed, the same bytes whenever that is."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=out, mtime=0) as file:
        file.write(text.encode())
    return out.getvalue()


def _first(tensorflow: Any) -> Iterator[str]:
    """Yield the lines of TensorFlow 1: its private modules, and the public names of what is in them."""
    public = _public_names(tensorflow.compat.v1, "", set())
    for name in _private_modules():
        module = _imported(name)
        if module is not None:
            items = [_item(module, each, public) for each in sorted(dir(module)) if _counts(name, each)]
            yield " ".join([name, *items])


def _private_modules() -> Iterator[str]:
    package = Path(importlib.import_module("tensorflow.python.framework").__file__ or "").parents[2]
    for top in _TOPS:
        for folder, _, files in os.walk(str(package / top)):
            dotted = "tensorflow." + os.path.relpath(folder, str(package)).replace(os.sep, ".")
            if "__init__.py" in files:
                yield dotted
            stems = [file[:-3] for file in files if file.endswith(".py") and file != "__init__.py"]
            yield from (dotted + "." + stem for stem in stems if not stem.endswith("_test") and stem != "setup")


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except BaseException:  # some stop the program where a package of theirs is missing
        return None


def _counts(module: str, name: str) -> bool:
    """Whether a program may take the name from the module."""
    is_inner = name.startswith("_") and (name.startswith("__") or module.endswith("_pb2"))
    return not is_inner and name not in _OF_PYTHON and not name.endswith("_eager_fallback")


def _item(module: Any, name: str, public: dict[int, tuple[Any, list[str]]]) -> str:
    value = getattr(module, name, None)
    found = public.get(id(_plain(value)))
    return name + "=" + ",".join(sorted(found[1], key=_order)) if found is not None else name


def _order(name: str) -> tuple[int, int, str]:
    """The shortest path first; among those the one that is no alias with `v1` or `v2` in it."""
    return name.count("."), int("_v" in name), name


def _public_names(module: Any, prefix: str, seen: set[int]) -> dict[int, tuple[Any, list[str]]]:
    """Return the functions and classes of the v1 API by identity, each with its names."""
    found: dict[int, tuple[Any, list[str]]] = {}
    seen.add(id(module))
    for name in dir(module):
        if name.startswith("_") or (not prefix and name in ("compat", "contrib", "estimator", "keras", "python")):
            continue
        try:
            value = getattr(module, name)
        except Exception:  # a lazy module
            continue
        if isinstance(value, types.ModuleType):
            if id(value) not in seen and "_api" in value.__name__:
                for key, (each, names) in _public_names(value, prefix + name + ".", seen).items():
                    found.setdefault(key, (each, []))[1].extend(names)
        elif callable(value):
            plain = _plain(value)
            found.setdefault(id(plain), (plain, []))[1].append(prefix + name)
    return found


def _plain(value: Any) -> Any:
    """Return the function below TensorFlow's decorators: those for deprecation are put on at other places."""
    if isinstance(value, (type, types.ModuleType)) or not callable(value):
        return value
    return importlib.import_module("tensorflow.python.util.tf_decorator").unwrap(value)[1]


def _row(tensorflow: Any, release: str) -> Iterator[str]:
    """Yield the lines of a later release."""
    text = gzip.decompress((_HERE / _FIRST).read_bytes()).decode()
    for line in text.splitlines():
        name, *items = line.split()
        module = _imported(name)
        lost = [item for item in items if module is None or not _has(module, item.split("=")[0])]
        kept = [_with_home(tensorflow, item) for item in lost]
        if module is None or name == "tensorflow.python":  # of this package no other name is left
            kept = [item for item in kept if "=" in item]
        if module is None:
            yield "-" + name
        yield from (name + "." + item for item in kept)
    yield from ("~" + name for name in _only_legacy_keras(release))


def _has(module: Any, name: str) -> bool:
    try:
        return hasattr(module, name) or _imported(module.__name__ + "." + name) is not None
    except Exception:  # a lazy module of which nothing is left
        return False


def _with_home(tensorflow: Any, item: str) -> str:
    """Return a lost name with the first of its public names that the release has too."""
    name, _, homes = item.partition("=")
    for home in homes.split(",") if homes else ():
        if _value(tensorflow.compat.v1, home) is not None:
            return name + "=" + home
    return name


def _value(root: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        try:
            root = getattr(root, part)
        except Exception:  # not there, or a lazy module of which nothing is left
            return None
    return root


def _only_legacy_keras(release: str) -> list[str]:
    text = gzip.decompress((_HERE.parent / "releases" / "names.txt.gz").read_bytes()).decode()
    names: set[str] = set()
    for section in ("\n" + text).split("\n= ")[1:]:
        releases, *lines = section.splitlines()
        if release in releases.split():
            names.update(line.lstrip("!") for line in lines)
    names = {name for name in names if name.startswith(("tensorflow.keras.", "tensorflow.compat.v1.keras."))}
    return sorted(_missing_in(names, "0") - _missing_in(names, "1"))


def _missing_in(names: Iterable[str], legacy: str) -> set[str]:
    """Return which of the names one of the two Keras lacks, looked up in a process of its own."""
    environment = dict(os.environ, TF_USE_LEGACY_KERAS=legacy, TF_CPP_MIN_LOG_LEVEL="3")
    done = subprocess.run(
        [sys.executable, __file__, "--missing"],
        env=environment,
        input="\n".join(sorted(names)).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return set(done.stdout.decode().split())


def _print_missing() -> None:
    tensorflow = importlib.import_module("tensorflow")
    for name in sys.stdin.read().split():
        if _value(tensorflow, name.partition(".")[2]) is None and _imported(name) is None:
            print(name)


if __name__ == "__main__":
    if "--missing" in sys.argv:
        _print_missing()
    else:
        main(Path(sys.argv[1]))
