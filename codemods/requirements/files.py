"""Finds the requirements that a `requirements*.txt`, `pyproject.toml` or `setup.cfg` lists, and where one may be added.

The files are read line by line, not parsed into values: an edit needs offsets, and everything else must stay as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from codemods.edit.edits import Edit


@dataclass(frozen=True, slots=True)
class Entry:
    """One requirement. `[name_start, name_end)` and `[version_start, version_end)` are offsets in the file's text.

    `before` and `after` go around a requirement that is inserted at `place`; `comma`, where given, must be added too.
    `specifier` is None where the version cannot be read; `is_hashed` where it is pinned by hashes.
    """

    name: str
    specifier: SpecifierSet | None
    name_start: int
    name_end: int
    version_start: int
    version_end: int
    place: int
    before: str
    after: str
    comma: Edit | None = None
    is_poetry: bool = False
    is_hashed: bool = False
    is_url: bool = False


_LINE = re.compile(r"[^\r\n]*(\r\n|\r|\n|$)")
_PARTS = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<extras>\s*\[[^\]]*\])?(?P<gap>\s*)(?P<version>\(?[^;@#]*?\)?)(?P<tail>\s*(;.*)?)$"
)


def is_requirement_file(name: str) -> bool:
    """Whether a file of this name may list requirements."""
    return name in ("pyproject.toml", "setup.cfg") or bool(
        re.fullmatch(r"requirements.*\.txt|.*requirements\.txt", name)
    )


def entries(name: str, text: str) -> tuple[Entry, ...]:
    """Return the requirements that a file of this name lists, in order; what cannot be read is left out."""
    if name == "pyproject.toml":
        return tuple(_toml_entries(text))
    if name == "setup.cfg":
        return tuple(_cfg_entries(text))
    return tuple(_line_entries(text))


def _lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield offset, content and newline of each line."""
    for match in _LINE.finditer(text):
        if match.group():
            newline = match.group(1)
            yield match.start(), match.group()[: len(match.group()) - len(newline)], newline


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


# --- requirements.txt ---


def _line_entries(text: str) -> Iterator[Entry]:
    lines = list(_lines(text))
    for number, (offset, line, newline) in enumerate(lines):
        if number and lines[number - 1][1].rstrip().endswith("\\"):
            continue  # a continuation: options of the requirement above
        code = re.split(r"(?:^|\s)#|\s--[a-z]|\s*\\$", line, maxsplit=1)[0]
        found = _read(code, offset)
        if found is None:
            continue
        last, is_hashed = number, "--hash" in line
        while lines[last][1].rstrip().endswith("\\") and last + 1 < len(lines):
            last += 1
            is_hashed = is_hashed or "--hash" in lines[last][1]
        indent = line[: len(line) - len(line.lstrip())]
        end, end_newline = lines[last][0] + len(lines[last][1]), lines[last][2]
        if end_newline:
            yield _placed(found, end + len(end_newline), indent, end_newline, is_hashed=is_hashed)
        else:
            yield _placed(found, end, (newline or _newline(text)) + indent, "", is_hashed=is_hashed)


# --- setup.cfg ---


def _cfg_entries(text: str) -> Iterator[Entry]:
    section, key = "", ""
    for offset, line, newline in _lines(text):
        header = re.match(r"\[([^\]]+)\]", line)
        assignment = re.match(r"([A-Za-z_][\w.-]*)\s*[=:](.*)$", line)
        if header is not None:
            section, key = header.group(1), ""
        elif assignment is not None:
            key = assignment.group(1)
        lists = (section, key) in (
            ("options", "install_requires"),
            ("options", "setup_requires"),
            ("options", "tests_require"),
        )
        lists = lists or section == "options.extras_require"
        if not lists or not line[:1].isspace() or line.lstrip().startswith(("#", ";")):
            continue
        found = _read(line, offset)
        if found is not None:
            indent = line[: len(line) - len(line.lstrip())]
            if newline:
                yield _placed(found, offset + len(line) + len(newline), indent, newline)
            else:
                yield _placed(found, offset + len(line), _newline(text) + indent, "")


# --- pyproject.toml ---

_STRING = re.compile(r"""\"[^\"\n]*\"|'[^'\n]*'""")


def _toml_entries(text: str) -> Iterator[Entry]:
    table, key, depth = "", "", 0
    for offset, line, newline in _lines(text):
        code = _without_comment(line)
        header = re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*$", code)
        if depth == 0 and header is not None:
            table, key = header.group(1).replace('"', ""), ""
            continue
        assignment = re.match(r"\s*([A-Za-z0-9_.\"-]+)\s*=", code)
        if depth == 0 and assignment is not None:
            key = assignment.group(1).strip('"')
            if _is_poetry_table(table):
                entry = _poetry_entry(offset, line, code, newline, key, text)
                if entry is not None:
                    yield entry
        before = depth
        depth += _brackets(code)
        if _lists_requirements(table, key) and (before > 0 or depth > 0 or "[" in code):
            yield from _array_entries(offset, line, code, newline)


def _lists_requirements(table: str, key: str) -> bool:
    return (table == "project" and key == "dependencies") or table in (
        "project.optional-dependencies",
        "dependency-groups",
    )


def _is_poetry_table(table: str) -> bool:
    return bool(re.fullmatch(r"tool\.poetry\.(dependencies|dev-dependencies|group\.[\w-]+\.dependencies)", table))


def _array_entries(offset: int, line: str, code: str, newline: str) -> Iterator[Entry]:
    strings = list(_STRING.finditer(code))
    for match in strings:
        found = _read(match.group()[1:-1], offset + match.start() + 1)
        if found is None:
            continue
        quote = match.group()[0]
        alone = len(strings) == 1 and not code[: match.start()].strip() and code[match.end() :].strip() in ("", ",")
        if not alone or not newline:
            yield _placed(found, offset + match.end(), f", {quote}", quote)
            continue
        indent, end = code[: match.start()], offset + match.end()
        comma = None if code[match.end() :].strip() == "," else Edit(end, end, ",")
        tail = "," if comma is None else ""
        yield _placed(found, offset + len(line) + len(newline), indent + quote, quote + tail + newline, comma=comma)


def _poetry_entry(offset: int, line: str, code: str, newline: str, key: str, text: str) -> Entry | None:
    value = re.search(r"""=\s*(?:\{.*?\bversion\s*=\s*)?(["'])(?P<version>[^"']*)\1""", code)
    if value is None:
        return None
    key_start = offset + code.index(key)
    return Entry(
        name=str(canonicalize_name(key)),
        specifier=_poetry_specifier(value.group("version")),
        name_start=key_start,
        name_end=key_start + len(key),
        version_start=offset + value.start("version"),
        version_end=offset + value.end("version"),
        place=offset + len(line) + len(newline),
        before="" if newline else _newline(text),
        after=newline,
        is_poetry=True,
    )


def _poetry_specifier(version: str) -> SpecifierSet | None:
    parts = []
    for part in version.split(","):
        part = part.strip()
        caret = re.fullmatch(r"\^\s*(\d+)(\.[\w.]+)?", part)
        if caret is not None:
            parts.append(f">={part[1:].strip()},<{int(caret.group(1)) + 1}")
        elif re.fullmatch(r"~\s*\d+\.\d+\.\w+", part):
            parts.append(f"~={part[1:].strip()}")
        elif re.fullmatch(r"~\s*\d+\.\d+", part):
            parts.append(f"=={part[1:].strip()}.*")
        elif re.match(r"\d", part):
            parts.append(f"=={part}")
        elif part != "*":
            parts.append(part)
    try:
        return SpecifierSet(",".join(parts))
    except InvalidSpecifier:
        return None


def _without_comment(line: str) -> str:
    quote = ""
    for position, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "#":
            return line[:position]
    return line


def _brackets(code: str) -> int:
    plain = _STRING.sub("", code)
    return plain.count("[") - plain.count("]")


# --- one requirement ---


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    specifier: SpecifierSet | None
    spans: tuple[int, int, int, int]
    is_url: bool


def _read(code: str, offset: int) -> _Found | None:
    lead = len(code) - len(code.lstrip())
    stripped = code.strip()
    try:
        requirement = Requirement(stripped)
    except InvalidRequirement:
        return None
    parts = _PARTS.match(stripped)
    start = offset + lead
    if requirement.url is not None or parts is None:
        end = start + len(requirement.name)
        return _Found(str(canonicalize_name(requirement.name)), None, (start, end, end, end), is_url=True)
    spans = (start, start + parts.end("name"), start + parts.start("version"), start + parts.end("version"))
    return _Found(str(canonicalize_name(requirement.name)), requirement.specifier, spans, is_url=False)


def _placed(
    found: _Found, place: int, before: str, after: str, *, comma: Edit | None = None, is_hashed: bool = False
) -> Entry:
    return Entry(
        found.name,
        found.specifier,
        *found.spans,
        place=place,
        before=before,
        after=after,
        comma=comma,
        is_hashed=is_hashed,
        is_url=found.is_url,
    )
