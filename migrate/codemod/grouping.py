"""Which files belong to one program: they share a process on TensorFlow 2, and so its mode."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Files that run in one process with a changed file: those that import it, and all that these import."""

    members: frozenset[str]
    imported: frozenset[str]
    """Members that another member imports."""
    edges: Mapping[str, frozenset[str]]
    """Which members each member imports."""

    def running(self, paths: Iterable[str]) -> frozenset[str]:
        """Return the members that import one of the paths, however indirectly, and the paths themselves."""
        importers: dict[str, set[str]] = {}
        for path, targets in self.edges.items():
            for target in targets:
                importers.setdefault(target, set()).add(path)
        return frozenset(_reachable(paths, lambda path: importers.get(path, ())))

    def first_of(self, chosen: Collection[str], within: Collection[str]) -> frozenset[str]:
        """Return the chosen members that a program meets first, when files outside of `within` start none."""
        imported = {target for path in within for target in self.edges.get(path, ())}
        starts = [path for path in within if path not in imported]
        reached = _reachable(starts, lambda item: () if item in chosen else self.edges.get(item, frozenset()))
        return frozenset(reached & set(chosen))


def groups(changed: Iterable[str], imports: Mapping[str, frozenset[str]]) -> tuple[Group, ...]:
    """Return the groups of the changed files.

    Args:
        changed: The files that change.
        imports: Which files each file of the run imports.
    """
    importers: dict[str, set[str]] = {}
    for path, targets in imports.items():
        for target in targets:
            importers.setdefault(target, set()).add(path)
    programs = _reachable(changed, lambda path: importers.get(path, ()))
    members = _reachable(programs, lambda path: imports.get(path, ()))
    return tuple(_components(members, {path: imports.get(path, frozenset()) for path in members}))


def _reachable(start: Iterable[str], neighbours: Callable[[str], Iterable[str]]) -> set[str]:
    seen = set(start)
    queue = list(seen)
    while queue:
        for path in neighbours(queue.pop()):
            if path not in seen:
                seen.add(path)
                queue.append(path)
    return seen


def _components(members: set[str], edges: Mapping[str, frozenset[str]]) -> Iterable[Group]:
    linked: dict[str, set[str]] = {path: set() for path in members}
    imported: set[str] = set()
    for path in members:
        for target in edges.get(path, frozenset()):
            if target in members:
                linked[path].add(target)
                linked[target].add(path)
                imported.add(target)
    left = set(members)
    while left:
        component = _reachable([left.pop()], lambda path: linked[path])
        left -= component
        inner = {path: edges.get(path, frozenset()) & component for path in component}
        yield Group(frozenset(component), frozenset(component & imported), inner)
