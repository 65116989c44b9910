"""The repository as modules that import each other."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from codemods.engine.file_plans import open_file
from codemods.errors import CodemodError
from codemods.source.module import Module
from migrate.codemod.reading import read_source
from migrate.errors import Tf1to2Error

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]{0,100000}\)|[^\n#;]+)|import[ \t]+([^\n#;]+))",
    re.MULTILINE,
)
_NAME = re.compile(r"[\w.]+")
_STAR = re.compile(rb"import[ \t]+\*")
_MAX_MODULE = 1 << 20


@dataclass(frozen=True, slots=True)
class ImportedName:
    """`from module import name` (`*` for all), or `import module` with name None."""

    module: str
    name: str | None


def imported_names(data: bytes) -> Iterator[ImportedName]:
    """Yield what a Python file imports, read by pattern: fast, and close enough to group files."""
    for match in _IMPORT.finditer(data):
        origin, names, plain = (
            group.decode("utf-8", "replace") if group is not None else None for group in match.groups()
        )
        if origin is not None and names is not None:
            for item in names.strip("() \t\r\n").split(","):
                found = _NAME.match(item.strip())
                yield ImportedName(origin, found.group() if found is not None else "*" if "*" in item else None)
        elif plain is not None:
            for item in plain.split(","):
                found = _NAME.match(item.strip())
                if found is not None:
                    yield ImportedName(found.group(), None)


class Repository:
    """Finds the files that imports name, among the files of the run."""

    def __init__(self, root: Path, paths: Iterable[str]) -> None:
        self.root = root
        self._paths = frozenset(path for path in paths if path.endswith(".py"))
        self._tops = frozenset(part for path in self._paths for part in path[:-3].split("/"))

    def locate(self, target: str, path: str) -> str | None:
        """Return the file of the module `target` as imported in the file `path`; None for modules from elsewhere."""
        dots = len(target) - len(target.lstrip("."))
        inner = target[dots:].replace(".", "/")
        folder = posixpath.dirname(path)
        if dots:
            for _ in range(dots - 1):
                folder = posixpath.dirname(folder)
            return self._file(folder, inner)
        if inner.split("/", 1)[0] not in self._tops:
            return None
        while True:
            found = self._file(folder, inner)
            if found is not None and found != path:
                return found
            if not folder:
                return None
            folder = posixpath.dirname(folder)

    def targets(self, path: str, data: bytes) -> frozenset[str]:
        """Return the files of the run that a file imports."""
        found: set[str] = set()
        for item in imported_names(data):
            if item.name is not None and item.name != "*":
                joined = item.module + item.name if item.module.endswith(".") else f"{item.module}.{item.name}"
                submodule = self.locate(joined, path)
                if submodule is not None:
                    found.add(submodule)
            module = self.locate(item.module, path)
            if module is not None:
                found.add(module)
        return frozenset(found - {path})

    def taken_names(self, path: str, data: bytes) -> Iterator[tuple[str, str]]:
        """Yield the files of the run from which a file imports names, with each name (`*` for all)."""
        for item in imported_names(data):
            if item.name is not None:
                module = self.locate(item.module, path)
                if module is not None:
                    yield module, item.name

    def _file(self, folder: str, inner: str) -> str | None:
        base = f"{folder}/{inner}" if folder and inner else folder or inner
        for candidate in (f"{base}.py", f"{base}/__init__.py" if base else "__init__.py"):
            if candidate in self._paths:
                return candidate
        return None


class LocalProject:
    """Gives rules the other modules of the repository, parsed when asked for."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.spoiled: frozenset[str] = frozenset()
        """Modules that no process may read: they ended one."""
        self.reads: Callable[[str], None] = lambda _: None
        """Called with each module that is about to be parsed, and with "" when all are."""
        self._parsing: list[str] = []
        self.read = lru_cache(maxsize=256)(self._read)
        self.load = lru_cache(maxsize=256)(self._load)

    def find(self, target: str, path: str) -> Module | None:
        """Return the module that `target` names in the file `path`, None where it is not of this repository."""
        located = self.locate(target, path)
        return self.load(located) if located is not None else None

    def locate(self, target: str, path: str) -> str | None:
        """Return the file of the module that `target` names in the file `path`, None for modules from elsewhere."""
        return self._repository.locate(target, path)

    def may_bind(self, path: str, name: str) -> bool:
        """Whether a file might import or assign the name, or take it by star: a look at its bytes."""
        data = self.read(path)
        if name.encode() not in data:
            return _STAR.search(data) is not None
        word = re.compile(rb"(?<![.\w])(?<!def )(?<!class )" + re.escape(name.encode()) + rb"\b")
        return word.search(data) is not None or _STAR.search(data) is not None

    def _read(self, path: str) -> bytes:
        try:
            data = read_source(self._repository.root / path)
        except Tf1to2Error:
            return b""
        return data if len(data) <= _MAX_MODULE and b"import" in data else b""

    def _load(self, path: str) -> Module | None:
        data = self.read(path)
        if not data or path in self.spoiled:
            return None
        self._parsing.append(path)
        self.reads(path)
        try:
            return open_file(path, data, self).modules[0]
        except (CodemodError, RecursionError):
            return None
        finally:
            self._parsing.pop()
            self.reads(self._parsing[-1] if self._parsing else "")
