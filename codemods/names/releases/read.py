"""Reads what one TensorFlow release has: `python read.py OUT_FOLDER`, run by a Python that has that release.

Made for the Python of any release (3.7 for 1.15.5) and needs nothing of this project; `make.py` beside it makes such
Pythons and packs what they find into the tables. It writes two files into the folder:

- `names-<release>.txt`: a line for every public name of `tensorflow` and of `tensorflow.compat.v1`, and for every
  module that can be imported, which begins with `!`. Keras is in it twice over, as Keras 3 and as legacy Keras: a
  program may ask for either. A package that takes over names by `*` is marked `*`.
- `meanings-<release>.txt`: a line for every name that `tensorflow` and `tensorflow.compat.v1` share and do not mean the
  same by, with Keras as legacy Keras. Fields are parted by tabs: the name, a kind (see `_kind`), the parameters in
  `tensorflow.compat.v1`, those in `tensorflow`, and the parameters of the former that the latter sets to their default.
  Of TensorFlow 1 it lists every callable of `tensorflow` as `callable`, with its parameters.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_ROOTS = ("tensorflow", "tensorflow.compat.v1")
_DEEPEST = 6
# In the names of the modules that make up public APIs, those of Keras and of Estimators included.
_API = ("._api.", ".api._v", ".compat.v1.", "_tf_keras.", "keras.api.")
_ASIDE = ("include", "lite.examples", "xla_aot_runtime_src")


def main(folder: str) -> None:
    """Write what the TensorFlow beside this Python has."""
    names: set[str] = set()
    for legacy in ("0", "1"):
        names.update(_in_fresh_process(legacy, "--public"))
    tensorflow = importlib.import_module("tensorflow")
    names.update(_files(Path(str(importlib.import_module("tensorflow.python").__file__)).parent.parent))
    release = ".".join(tensorflow.__version__.split(".")[:2])
    for kind, lines in (("names", names), ("meanings", _in_fresh_process("1", "--meanings"))):
        Path(folder, kind + "-" + release + ".txt").write_text("".join(line + "\n" for line in sorted(lines)))
        print(release, len(lines), kind)


def _in_fresh_process(legacy: str, what: str) -> list[str]:
    environment = dict(os.environ, TF_USE_LEGACY_KERAS=legacy, TF_CPP_MIN_LOG_LEVEL="3")
    command = [sys.executable, __file__, what]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()


def _print_public() -> None:
    print("\n".join(sorted({line for root in _ROOTS for line in _public(importlib.import_module(root), root, 0)})))


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


def _print_meanings() -> None:
    tensorflow = importlib.import_module("tensorflow")
    v1 = importlib.import_module("tensorflow.compat.v1")
    found = [{line.lstrip("!") for line in _public(module, "tensorflow", 0)} for module in (tensorflow, v1)]
    is_first = tensorflow.__version__.startswith("1.")
    for dotted in sorted(found[0] & found[1]):
        name = dotted.partition(".")[2]
        if not name or name.split(".")[0] == "compat":
            continue
        new, old = _value(tensorflow, name), _value(v1, name)
        if is_first and callable(new):
            print("\t".join((name, "callable", _parameters(new), "", "")))
        elif not is_first and not isinstance(new, types.ModuleType) and _plain(new) is not _plain(old):
            print("\t".join((name, _kind(old, new), _parameters(old), _parameters(new), " ".join(_fixed(old, new)))))


def _value(root: Any, name: str) -> Any:
    for part in name.split("."):
        root = getattr(root, part, None)
    return root


def _plain(value: Any) -> Any:
    """Return the function below TensorFlow's and Python's decorators."""
    if not callable(value) or inspect.isclass(value):
        return value
    return inspect.unwrap(importlib.import_module("tensorflow.python.util.tf_decorator").unwrap(value)[1])


def _kind(old: Any, new: Any) -> str:
    """Return `class`, `value`, `arguments` (one only hands its arguments on to the other) or `other` (other code)."""
    if inspect.isclass(old) and inspect.isclass(new):
        return "class"
    if not callable(old) or not callable(new):
        return "value"
    return "arguments" if _hands_on(old, new) or _hands_on(new, old) else "other"


def _hands_on(wrapper: Any, other: Any) -> bool:
    """Whether a function's code names nothing but the other function and what looks up deprecated arguments."""
    code = getattr(_plain(wrapper), "__code__", None)
    name = getattr(_plain(other), "__name__", "")
    return code is not None and set(code.co_names) - {"deprecation", "deprecated_argument_lookup"} == {name}


def _fixed(old: Any, new: Any) -> list[str]:
    """Return the parameters that only `tensorflow.compat.v1` has and for which `tensorflow` passes their default."""
    if not _hands_on(new, old):
        return []
    constants = _plain(new).__code__.co_consts
    kept = inspect.signature(new).parameters
    left = [each for each in inspect.signature(old).parameters.values() if each.name not in kept]
    return [
        each.name for each in left if any(type(each.default) is type(one) and each.default == one for one in constants)
    ]


def _parameters(value: Any) -> str:
    """Return the names of what a callable takes, each with its default; `?` where Python cannot tell."""
    if not callable(value):
        return "?"
    try:
        parameters = list(inspect.signature(value).parameters.values())
        if inspect.isclass(value) and [each.name for each in parameters] == ["args", "kwargs"]:
            # A metaclass stands before the class's own parameters.
            parameters = list(inspect.signature(value.__init__).parameters.values())[1:]
    except (TypeError, ValueError):
        return "?"
    return " ".join(_parameter(each) for each in parameters)


def _parameter(parameter: inspect.Parameter) -> str:
    name = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "") + parameter.name
    if parameter.default is parameter.empty:
        return name
    default = parameter.default
    is_plain = default is None or isinstance(default, (bool, int, float, str))
    text = repr(default) if is_plain else getattr(default, "name", None) or type(default).__name__
    return name + "=" + "".join(str(text).split())


if __name__ == "__main__":
    if sys.argv[1] == "--public":
        _print_public()
    elif sys.argv[1] == "--meanings":
        _print_meanings()
    else:
        main(sys.argv[1])
