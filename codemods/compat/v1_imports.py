"""Import statements that name TensorFlow or Keras, and what they become in a migrated program."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.compat.generations import meant_by
from codemods.compat.keras_homes import KERAS_MOVED, engine_home, keras_home
from codemods.compat.v1_meanings import brings_v1_meaning
from codemods.edit.edits import Edit
from codemods.edit.imports import removed_aliases
from codemods.edit.layout import indent_at, newline_of
from codemods.edit.small_edits import realign_names
from codemods.source.generation import Generation
from codemods.source.mode import Mode
from codemods.source.module import Module
from codemods.source.nodes import dotted

V1 = "tensorflow.compat.v1"
# Private modules of tensorflow.python.saved_model, and the public ones of compat.v1 with the same names in them.
SAVED_MODEL_MODULES = {
    "builder": "builder",
    "builder_impl": "builder",
    "loader": "loader",
    "loader_impl": "loader",
    "main_op": "main_op",
    "main_op_impl": "main_op",
    "signature_constants": "signature_constants",
    "signature_def_utils": "signature_def_utils",
    "signature_def_utils_impl": "signature_def_utils",
    "tag_constants": "tag_constants",
    "utils": "utils",
    "utils_impl": "utils",
}
_PRIVATE_SAVED_MODEL = "tensorflow.python.saved_model"
# Other private modules whose public home holds the names that exporting code takes from them.
PRIVATE_MODULES = {
    "tensorflow.python.framework.graph_util": "tensorflow.compat.v1.graph_util",
    "tensorflow.python.platform.gfile": "tensorflow.compat.v1.gfile",
}
PRIVATE_NAMES = {
    ("tensorflow.python", "saved_model"): V1,
    ("tensorflow.python.framework", "graph_util"): V1,
    ("tensorflow.python.platform", "gfile"): V1,
    ("tensorflow.python.platform", "app"): V1,
    ("tensorflow.python.platform", "flags"): V1,
}
# Public modules that `compat.v1` has too, for `from tensorflow.saved_model import tag_constants`.
_PUBLIC_MODULES = """
    app bitwise data debugging distributions errors feature_column gfile graph_util image initializers io
    layers linalg logging losses manip math metrics nn profiler python_io quantization random resource_loader
    saved_model sets signal sparse strings summary sysconfig test train
"""
PUBLIC_MODULES = frozenset(_PUBLIC_MODULES.split())


def switched_imports(module: Module) -> Iterator[Edit]:
    """Yield the edits by which every `import tensorflow` imports `tensorflow.compat.v1`."""
    for node in changeable_imports(module):
        if isinstance(node, cst.Import):
            for alias in node.names:
                if dotted(alias.name) == "tensorflow":
                    suffix = "" if alias.asname is not None else " as tensorflow"
                    yield Edit(module.start(alias.name), module.end(alias.name), V1 + suffix)


def public_imports(module: Module) -> Iterator[Edit]:
    """Yield the edits of imports that need another home: Keras, for graph mode that of v1, and private modules."""
    for node in changeable_imports(module):
        root = keras_root(module, node)
        if isinstance(node, cst.Import):
            for alias in node.names:
                yield from _import_edit(module, alias, root)
        elif node.module is not None and not node.relative:
            yield from aligned(module, node, list(_from_edit(module, node, root)))


def aligned(module: Module, node: cst.ImportFrom, edits: list[Edit]) -> Iterator[Edit]:
    """Yield the edits of an import, and those that keep its names in line."""
    yield from edits
    for edit in edits:
        if node.module is not None and edit.start == module.start(node.module):
            yield from realign_names(module, node, len(edit.text) - (edit.end - edit.start))


def _import_edit(module: Module, alias: cst.ImportAlias, root: str) -> Iterator[Edit]:
    name = dotted(alias.name) or ""
    start, end = module.start(alias.name), module.end(alias.name)
    keras = keras_home(name, root)
    if keras is not None and alias.asname is not None:
        if keras != name:
            yield Edit(start, end, keras)
    elif name == "keras" or (name.startswith("keras.") and alias.asname is None):
        yield Edit(start, end, f"{root}.keras as keras")
    elif alias.asname is not None and (home := public_home(module, name) or estimator_home(module, name)) is not None:
        yield Edit(start, end, home)


def _from_edit(module: Module, node: cst.ImportFrom, root: str) -> Iterator[Edit]:
    if node.module is None:
        return
    name = dotted(node.module) or ""
    start, end = module.start(node.module), module.end(node.module)
    names = [] if isinstance(node.names, cst.ImportStar) else list(node.names)
    keras = keras_home(name, root)
    if ".engine" in name and keras is not None:
        if (inner := engine_home(names)) is not None:
            yield Edit(start, end, f"{root}.keras.{inner}")
    elif keras is not None:
        yield from _keras_edits(module, node, names, keras)
    elif name == "tensorflow.python" and [dotted(alias.name) for alias in names] == ["keras"]:
        yield Edit(start, end, root)
    elif name == _PRIVATE_SAVED_MODEL and names:
        yield from _saved_model_edits(module, start, end, names)
    elif name.startswith(_PRIVATE_SAVED_MODEL + ".") and name.rpartition(".")[2] in SAVED_MODEL_MODULES:
        yield Edit(start, end, f"{V1}.saved_model.{SAVED_MODEL_MODULES[name.rpartition('.')[2]]}")
    elif (home := public_home(module, name) or estimator_home(module, name)) is not None or (
        home := _home_of_names(name, names)
    ) is not None:
        yield Edit(start, end, home)


def _home_of_names(name: str, names: list[cst.ImportAlias]) -> str | None:
    """Return the public home that all the names of a private module have in common, if they have one."""
    homes = {PRIVATE_NAMES.get((name, dotted(alias.name) or "")) for alias in names}
    return homes.pop() if len(homes) == 1 else None


def _keras_edits(module: Module, node: cst.ImportFrom, names: list[cst.ImportAlias], home: str) -> Iterator[Edit]:
    """Yield the edits of `from keras.<...> import <names>`; a module among the names may have moved too."""
    if node.module is None:
        return
    start, end = module.start(node.module), module.end(node.module)
    package, _, inner = home.partition(".keras.")
    moved = {alias: new for alias in names if (new := KERAS_MOVED.get(f"{inner}.{dotted(alias.name)}")) is not None}
    line = module.parent(node)
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        moved = {}
    if moved and len(moved) == len(names) and len(set(moved.values())) == 1 and inner:
        yield Edit(start, end, f"{package}.keras")
        for alias, new in moved.items():
            suffix = "" if alias.asname is not None else f" as {dotted(alias.name)}"
            yield Edit(module.start(alias.name), module.end(alias.name), new + suffix)
        return
    if home != (dotted(node.module) or ""):
        yield Edit(start, end, home)
    if moved and inner:
        line_end = module.end(node)
        indent = indent_at(module, node)
        for alias, new in moved.items():
            bound = dotted(alias.asname.name) if alias.asname is not None else dotted(alias.name)
            statement = f"from {package}.keras import {new} as {bound}"
            yield Edit(line_end, line_end, f"{newline_of(module)}{indent}{statement}")
        yield from removed_aliases(module, node, list(moved))


def _saved_model_edits(module: Module, start: int, end: int, names: list[cst.ImportAlias]) -> Iterator[Edit]:
    if not all((dotted(alias.name) or "") in SAVED_MODEL_MODULES for alias in names):
        return
    yield Edit(start, end, f"{V1}.saved_model")
    for alias in names:
        name = dotted(alias.name) or ""
        public = SAVED_MODEL_MODULES[name]
        if public != name:
            suffix = "" if alias.asname is not None else f" as {name}"
            yield Edit(module.start(alias.name), module.end(alias.name), public + suffix)


def public_home(module: Module, name: str) -> str | None:
    """Return the module of compat.v1 for a module of TensorFlow 1, None where it has none or needs none."""
    if name in PRIVATE_MODULES:
        return PRIVATE_MODULES[name]
    head, _, inner = name.partition(".")
    is_public = head == "tensorflow" and inner.split(".")[0] in PUBLIC_MODULES
    return f"{V1}.{inner}" if is_public and meant_by(module) is Generation.V1 else None


def estimator_home(module: Module, name: str) -> str | None:
    """Return the home of the Estimators that graph code means: those of TensorFlow 2 are others by the same names."""
    is_estimator = name == "tensorflow.estimator" or name.startswith("tensorflow.estimator.")
    stays = module.program.mode is Mode.GRAPH and module.program.target.has_estimators
    return f"{V1}{name.removeprefix('tensorflow')}" if is_estimator and stays else None


def keras_root(module: Module, node: cst.Import | cst.ImportFrom) -> str:
    """Return the package whose `keras` an import means: in graph mode that with sessions.

    `tensorflow.keras` of code that may mean TensorFlow 2 stays what it is: its layers are others by the same names.
    For the same reason an import that brings such a layer of TensorFlow 1 is one of compat.v1 in eager mode too.
    """
    if meant_by(module) is not Generation.V1:
        return "tensorflow"
    return V1 if module.program.mode is Mode.GRAPH or brings_v1_meaning(module, node) else "tensorflow"


def changeable_imports(module: Module) -> Iterator[cst.Import | cst.ImportFrom]:
    """Yield the import statements that may change: not one of a pair that already tries compat.v1."""
    for node in module.imports_of_modules:
        attempt = module.enclosing(node, cst.Try)
        if attempt is None or "compat.v1" not in module.code(attempt):
            yield node
