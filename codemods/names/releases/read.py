"""Reads the names of one TensorFlow release: `python read.py OUT_FOLDER`, run by a Python that has that release.

Made for the Python of any release (3.7 for 1.15.5: `.ci/estimators` shows how such an environment is made) and needs
nothing of this project. It writes `OUT_FOLDER/<major>.<minor>.txt.gz`: a line for every public name of `tensorflow` and
of `tensorflow.compat.v1`, and for every module that can be imported, which begins with `!`. Keras is in it twice over,
as Keras 3 and as legacy Keras: a program may ask for either. A package that takes over names by `*` is marked `*`.
"""

from __future__ import annotations

import ast
import gzip
import importlib
import io
import os
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

_ROOTS = ("tensorflow", "tensorflow.compat.v1")
_DEEPEST = 6
# In the names of the modules that make up public APIs, those of Keras and of Estimators included.
_API = ("._api.", ".api._v", ".compat.v1.", "_tf_keras.", "keras.api.")
_ASIDE = ("include", "lite.examples", "xla_aot_runtime_src")


def main(folder: str) -> None:
    """Write the row of the TensorFlow beside this Python."""
    lines: set[str] = set()
    for legacy in ("0", "1"):
        lines.update(_in_fresh_process(legacy))
    tensorflow = importlib.import_module("tensorflow")
    lines.update(_files(Path(str(importlib.import_module("tensorflow.python").__file__)).parent.parent))
    release = ".".join(tensorflow.__version__.split(".")[:2])
    text = "".join(line + "\n" for line in sorted(lines))
    Path(folder, release + ".txt.gz").write_bytes(_compressed(text))
    print(release, len(lines), "names")


def _compressed(text: str) -> bytes:
    """Return the text compressed, the same bytes whenever that is."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=out, mtime=0) as file:
        file.write(text.encode())
    return out.getvalue()


def _in_fresh_process(legacy: str) -> list[str]:
    environment = dict(os.environ, TF_USE_LEGACY_KERAS=legacy, TF_CPP_MIN_LOG_LEVEL="3")
    command = [sys.executable, __file__, "--public"]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout.decode().split()


def _print_public() -> None:
    lines = {line for root in _ROOTS for line in _public(importlib.import_module(root), root, 0)}
    print("\n".join(sorted(lines)))


def _public(module: types.ModuleType, dotted: str, depth: int) -> Iterator[str]:
    """Yield the public names of a module and those of the modules in it; `!` marks one that can be imported."""
    yield "!" + dotted if _can_be_imported(dotted) else dotted
    if depth > _DEEPEST:
        return
    for name in dir(module):
        inner = dotted + "." + name
        if name.startswith("_") or (name == "compat" and dotted != "tensorflow") or dotted == "tensorflow.compat":
            continue
        try:
            value = getattr(module, name)
        except Exception:  # a lazy module whose package is not there: the release has its name all the same
            yield inner
            continue
        if isinstance(value, types.ModuleType) and _is_public(value):
            yield from _public(value, inner, depth + 1)
        else:
            yield inner


def _is_public(module: types.ModuleType) -> bool:
    """Whether a module is part of an API, not a private one that happens to be bound there."""
    home = getattr(module, "__name__", "") or ""
    return any(part in home + "." for part in _API)


def _can_be_imported(dotted: str) -> bool:
    try:
        importlib.import_module(dotted)
    except Exception:
        return False
    return True


def _files(package: Path) -> Iterator[str]:
    """Yield the modules that are files of the package, and the names that its private packages bind."""
    for folder, folders, files in os.walk(package):
        inner = os.path.relpath(folder, package).replace(os.sep, ".").strip(".")
        if inner.startswith(_ASIDE) or "__pycache__" in folder:
            folders[:] = []
            continue
        dotted = ("tensorflow." + inner).rstrip(".")
        if "__init__.py" in files:
            yield "!" + dotted
            if inner and not inner.startswith("_api"):
                yield from _bound(ast.parse(Path(folder, "__init__.py").read_bytes()), dotted)
        elif inner:
            yield "!" + dotted  # a namespace package
        for name in files:
            stem, extension = name.split(".")[0], name.rpartition(".")[2]
            if extension in ("py", "so", "pyd") and stem.isidentifier() and stem != "__init__":
                yield "!" + dotted + "." + stem


def _bound(tree: ast.Module, dotted: str) -> Iterator[str]:
    """Yield the names that a package's own code binds; `*` where it takes over others."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield dotted + "." + (alias.asname or alias.name).split(".")[0]
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield dotted + "." + node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield dotted + "." + node.id


if __name__ == "__main__":
    if sys.argv[1] == "--public":
        _print_public()
    else:
        main(sys.argv[1])
