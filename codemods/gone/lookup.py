"""Whether the target TensorFlow has a name, and where a name that it lacks is found."""

from __future__ import annotations

from dataclasses import dataclass

from codemods.gone.after_edits import Imported, Named
from codemods.names.keras_backend import behind_backend
from codemods.names.lost_names import is_legacy_only, is_lost, lost_home
from codemods.names.release_names import lacks, listed_names
from codemods.names.target import Target

_V1 = "tensorflow.compat.v1"
# Its members (`as_bytes`) are in no row.
_COMPAT = "tensorflow.compat"
# Bound in `tensorflow` by TensorFlow 1 only; the packages themselves can be imported.
_UNBOUND = frozenset({"tensorflow.python", "tensorflow.core"})
_PRIVATE = ("tensorflow.python", "tensorflow.core", "tensorflow.tools", "tensorflow._api")
# Of tensorflow_hub, since 0.13: what made and loaded modules of TensorFlow 1.
_HUB_NAMES = """
    LatestModuleExporter Module ModuleSpec add_signature attach_message create_module_spec eval_function_for_module
    load_module_spec register_module_for_export
"""
_HUB = frozenset(f"tensorflow_hub.{name}" for name in _HUB_NAMES.split())


@dataclass(frozen=True, slots=True)
class Lookup:
    """The names of a target. `legacy_keras`: the program asks for legacy Keras, or the target has no other."""

    target: Target
    legacy_keras: bool

    def missing(self, named: Named) -> int | None:
        """Return with how many of its members a name is missing (0: its import), None where it is there or unknown."""
        name = _plain(named.imported)
        if self._is_gone(name):
            return 0
        for count, part in enumerate(named.members, start=1):
            full = f"{name}.{part}"
            if full in _UNBOUND or self._is_gone(_plain(full)):
                return count
            if not self._is_listed(name, part):
                return None
            name = _plain(full)
        return None

    def lacks_import(self, imported: Imported) -> bool:
        """Whether an import fails."""
        module = _plain(imported.module)
        if module.split(".")[0] == "tensorflow_hub":
            return f"{module}.{imported.name}" in _HUB
        if lacks(self.target, module) or imported.name in (None, "*"):
            return lacks(self.target, module)
        full = f"{module}.{imported.name}"
        if is_lost(self.target, full) or self._needs_legacy(full):
            return True
        return lacks(self.target, module, imported.name)

    def home(self, name: str) -> str | None:
        """Return the name of `tf.compat.v1` that is the same object as a private name, None where none is known."""
        behind = behind_backend(name) or name
        if behind != name and behind.startswith(f"{_V1}."):
            is_there = all(behind in names.names for names in listed_names(self.target))
            return behind.removeprefix(f"{_V1}.") if is_there else None
        return lost_home(self.target, private_name(behind))

    def is_there(self, name: str) -> bool:
        """Whether the target has a public name for certain."""
        return any(name in names.names or name in names.modules for names in listed_names(self.target))

    def _is_gone(self, name: str) -> bool:
        """Whether a dotted name is one that the target lacks."""
        if name in _HUB or is_lost(self.target, name) or self._needs_legacy(name):
            return True
        head, _, last = name.rpartition(".")
        if last.startswith("_") or head == _COMPAT or not head.startswith("tensorflow"):
            return False
        rows = listed_names(self.target)
        if head.startswith(_PRIVATE) and any(head not in row.modules for row in rows):
            return False  # of a private module only its import is known, of a private package all that it binds
        return all(head in row.listed and not row.has_name(head, last) for row in rows) and bool(rows)

    def _is_listed(self, name: str, part: str) -> bool:
        """Whether a member is known to be there, so that its own members may be looked up."""
        full = _plain(f"{name}.{part}")
        return any(full in row.names or full in row.modules for row in listed_names(self.target))

    def _needs_legacy(self, name: str) -> bool:
        return not self.legacy_keras and is_legacy_only(self.target, name)


def private_name(name: str) -> str:
    """Return a name with its private package as imports spell that; TensorFlow 1 binds it in `compat.v1` too."""
    for package in _UNBOUND:
        inner = f"{_V1}{package.removeprefix('tensorflow')}."
        if name.startswith(inner):
            return f"{package}.{name[len(inner) :]}"
    return name


def _plain(name: str) -> str:
    """Return a dotted name with one `compat` at most, and none for TensorFlow 2's."""
    while name.startswith(f"{_V1}.compat.") or name == f"{_V1}.compat":
        name = "tensorflow" + name[len(_V1) :]
    if name.startswith("tensorflow.compat.v2"):
        return _plain("tensorflow" + name[len("tensorflow.compat.v2") :])
    return name
