"""How rewritten code names what it takes from `migrate.shim`."""

from __future__ import annotations

from codemods.edit.edits import Import
from codemods.edit.imports import is_imported
from codemods.edit.layout import free_name
from codemods.edit.traces import shim_trace
from codemods.source.mode import Mode
from codemods.source.module import Module

SHIM = "migrate.shim"
# Every name a rule may import from the shim; a test compares them with the shim itself.
SHIM_NAMES = ("export_session", "SavedModelBuilder", "simple_save")
SHIM_TRACE = shim_trace(SHIM, SHIM_NAMES, Mode.GRAPH, is_export=True)


def shim_import(module: Module, name: str) -> Import:
    """Return the import of a shim name, under another name where the module uses it for something else.

    TensorFlow's own name imported for a single use is no obstacle: the rewrite of that use replaces the import.
    """
    wanted = Import(SHIM, name)
    if is_imported(module, wanted) or name not in module.names or _is_used_once_from_tensorflow(module, name):
        return wanted
    return Import(SHIM, name, free_name(module, f"tf2_{name}"))


def _is_used_once_from_tensorflow(module: Module, name: str) -> bool:
    bindings = module.index.module_scope.bindings.get(name, [])
    imported = [binding for binding in bindings if (binding.target or "").startswith("tensorflow.")]
    return len(imported) == len(bindings) == 1 and len(module.names[name]) == 2  # the import's own name, and the use
