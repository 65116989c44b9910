"""What each release of TensorFlow has: its public names and the modules that can be imported from it.

The table, `codemods/names/releases/names.txt.gz`, is made by `make.py` there; a target that it does not have has what
either of its neighbours has. Loaded where it is asked for: most runs touch few files, and a scan none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from codemods.names.release_table import releases_of, rows_of
from codemods.names.target import Target

TABLE = "names"


@dataclass(frozen=True, slots=True)
class ReleaseNames:
    """The names of one release. `listed` are the modules of which every name is known."""

    names: frozenset[str]
    modules: frozenset[str]
    listed: frozenset[str]

    def has_module(self, module: str) -> bool:
        """Whether `import module` can work."""
        return module in self.modules

    def has_name(self, module: str, name: str) -> bool:
        """Whether `from module import name` can work; of a private module that is there nothing else is known."""
        if f"{module}.{name}" in self.names or f"{module}.{name}" in self.modules:
            return True
        return module in self.modules and (
            module not in self.listed or name.startswith("_") or f"{module}.*" in self.names
        )


def lacks(target: Target, module: str, name: str | None = None) -> bool:
    """Whether importing a TensorFlow module, or a name from it, surely fails on the target."""
    module = module.replace("tensorflow.compat.v2", "tensorflow", 1)
    rows = [release_names(release) for release in _around(target)]
    if name is None:
        return not any(row.has_module(module) for row in rows)
    return not any(row.has_name(module, name) for row in rows)


@lru_cache(maxsize=4)
def release_names(release: Target) -> ReleaseNames:
    """Return the row of a release."""
    lines = rows_of(TABLE, release)
    modules = frozenset(line[1:] for line in lines if line.startswith("!"))
    names = frozenset(lines) - {f"!{module}" for module in modules}
    listed = frozenset(line.rpartition(".")[0] for line in (*names, *modules))
    return ReleaseNames(names, modules, listed)


def releases() -> tuple[Target, ...]:
    """Return the releases of which there is a row, oldest first."""
    return releases_of(TABLE)


@lru_cache(maxsize=8)
def _around(target: Target) -> tuple[Target, ...]:
    """Return the target where it has a row, else the nearest releases below and above that have one."""
    known = releases()
    if target in known:
        return (target,)
    return (*[each for each in known if each < target][-1:], *[each for each in known if each > target][:1])


def listed_names(target: Target) -> tuple[ReleaseNames, ...]:
    """Return the row of the target, or those of the releases around it."""
    return tuple(release_names(release) for release in _around(target))
