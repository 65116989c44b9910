"""Plans one file: bytes in, sites out. Raises nothing for what a file may contain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from codemods.compat.generations import Written, written
from codemods.compat.standing import Standing, standing
from codemods.engine.decoded_file import Document, Part, open_document
from codemods.engine.planning import graph_reason, plan_module
from codemods.engine.python2_sites import converted, waiting
from codemods.engine.rewriting import Steps
from codemods.engine.soundness import Held, Source, sound
from codemods.engine.todo import todo_comment
from codemods.errors import UnparsableSourceError
from codemods.rule import Rule
from codemods.site import Site
from codemods.source.mode import Mode
from codemods.source.module import Module, Project
from codemods.source.program import Program

Holds = Callable[[Source, Sequence[Site]], Held]
_STEM = 7  # characters: "Builder"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file could not be planned, and the line (from 1) where one is to blame."""

    line: int | None
    reason: str

    def __str__(self) -> str:
        return self.reason if self.line is None else f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Surroundings(Program):
    """What is known of the program a file belongs to, beyond the file, and what is asked of its plan."""

    include_tests: bool = True
    todo: bool = False
    python2: bool = False


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What the rules found in one file. `document` is None where the file could not be read as Python.

    `needs_graph` says why the planned file would not run in eager mode, None where it would. `steps` apply all
    sites, part by part, where the plan made them.
    """

    path: str
    sites: tuple[Site, ...] = ()
    failure: Failure | None = None
    document: Document | None = None
    mode: Mode = Mode.EAGER
    needs_graph: str | None = None
    steps: tuple[Steps | None, ...] = ()

    def apply_all(self) -> bytes:
        """Return the file's bytes with all sites applied.

        Raises:
            UnparsableSourceError: The result would be no Python, or cannot be written in the file's encoding.
        """
        assert self.document is not None
        return self.document.apply(self.sites, self.steps)


def prefilter(rules: Iterable[Rule]) -> Callable[[bytes], bool]:
    """Return whether a file's content may hold something for any of the rules, before it is parsed.

    One search a stem that tokens share, and one for each of these only where it is found: over large notebooks much
    faster than one pattern of alternatives.
    """
    stems = _stems({token for rule in rules for token in rule.tokens})
    return lambda data: any(stem in data and any(token in data for token in tokens) for stem, tokens in stems.items())


def _stems(tokens: set[bytes]) -> dict[bytes, tuple[bytes, ...]]:
    """Return the tokens by a piece that each holds: the fewest pieces that are long enough to be rare."""
    by_piece: dict[bytes, set[bytes]] = {}
    for token in tokens:
        for at in range(max(1, len(token) - _STEM + 1)):
            by_piece.setdefault(token[at : at + _STEM], set()).add(token)
    stems: dict[bytes, tuple[bytes, ...]] = {}
    left = set(tokens)
    while left:
        found = by_piece[max(sorted(by_piece), key=lambda piece: len(by_piece[piece] & left))] & left
        stems[_shared(found)] = tuple(sorted(found))
        left -= found
    return stems


def _shared(tokens: set[bytes]) -> bytes:
    """Return the longest piece that each of the tokens holds: long ones are found faster."""
    first = min(tokens)
    pieces = (first[start:end] for start in range(len(first)) for end in range(start + 1, len(first) + 1))
    return max((piece for piece in pieces if all(piece in token for token in tokens)), key=len)


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that is parsed: it can be planned again in other surroundings.

    Of one that is Python 2, `no_python3` says where; document and modules are those of its Python 3. Of a notebook with
    cells of Python 2, `python3` is the converted one, in which `cells` differ.
    """

    document: Document
    modules: tuple[Module, ...]
    no_python3: UnparsableSourceError | None = None
    python3: OpenFile | None = None
    cells: frozenset[int] = frozenset()

    @property
    def written(self) -> tuple[Written, ...]:
        """Which TensorFlow each module is written for."""
        return tuple(written(module) for module in self.modules)

    @property
    def standings(self) -> tuple[Standing, ...]:
        """How far each module is in a program that is half rewritten."""
        return tuple(standing(module) for module in self.modules)

    def plan(self, rules: Sequence[Rule], around: Surroundings) -> FilePlan:
        """Return the plan of the file in these surroundings, and give up what would break the file."""
        return self._plan(rules, around, sound)

    def sketch(self, rules: Sequence[Rule], around: Surroundings) -> FilePlan:
        """Return the plan as the rules make it: enough to tell the mode that the file needs, and quicker."""
        return self._plan(rules, around, lambda _, sites: Held(tuple(sites)))

    def _plan(self, rules: Sequence[Rule], around: Surroundings, held: Holds) -> FilePlan:
        if self.python3 is None:
            return self._plan_as_it_is(rules, around, held)
        if around.python2 and any(rule.is_conversion for rule in rules):
            return self.python3._plan_as_it_is(rules, around, held)
        plan = self._plan_as_it_is(rules, around, held)
        try:
            found = self.python3._plan_as_it_is(rules, replace(around, python2=False), held).sites
        except UnparsableSourceError:  # nothing is exported in those cells
            return plan
        return replace(plan, sites=(*plan.sites, *(site for site in found if site.cell in self.cells)))

    def _plan_as_it_is(self, rules: Sequence[Rule], around: Surroundings, held: Holds) -> FilePlan:
        sites: list[Site] = []
        needs_graph: str | None = None
        steps: list[Steps | None] = []
        followers = {rule.id for rule in rules if type(rule).follow is not Rule.follow}
        for number, (part, code) in enumerate(zip(self.document.parts, self.modules, strict=True)):
            module = code.within(around)
            found = plan_module(module, rules, part=number, include_tests=around.include_tests)
            cells = tuple((span.start, span.end) for span in part.notebook.spans) if part.notebook is not None else ()
            result = held(Source(part.masked, self.document.path, around.target, cells), found)
            found, made = result.sites, None if around.todo else result.steps
            if not around.migrates and not any(site.changes and site.rule not in followers for site in found):
                found, made = (
                    tuple(site for site in found if not site.changes),
                    None,
                )  # they follow changes that are none
            needs_graph = needs_graph or graph_reason(module, found)
            if around.todo:
                found = tuple(replace(site, todo=todo_comment(module, site)) for site in found)
            sites.extend(_placed(site, part) for site in found)
            steps.append(made)
        if self.no_python3 is not None:
            converting = {rule.id for rule in rules if rule.is_conversion}
            if around.python2 and converting:
                sites = converted(self.document, sites, converting)
            else:
                sites = waiting(self.document, sites, followers)
                if not sites:  # there is nothing to report but that it is Python 2
                    raise self.no_python3
                steps.clear()
        return FilePlan(self.document.path, tuple(sites), None, self.document, around.mode, needs_graph, tuple(steps))


def open_file(path: str, data: bytes, project: Project | None = None) -> OpenFile:
    """Decode and parse a file, given its path relative to the repository and its content.

    Raises:
        UnparsableSourceError: It is no Python, or no notebook.
    """
    document = open_document(path, data)
    try:
        modules = _modules(document, project)
    except UnparsableSourceError as error:
        found = document.as_python3(error.line)
        if found is None:
            raise
        return OpenFile(found[0], _modules(found[0], project), error)
    opened = OpenFile(document, modules)
    is_unread = any(part.notebook is not None and part.notebook.unread for part in document.parts)
    python3 = document.as_python3() if is_unread else None
    if python3 is None:
        return opened
    of_cells = UnparsableSourceError("a cell is Python 2", 1)
    return replace(opened, python3=OpenFile(python3[0], _modules(python3[0], project), of_cells), cells=python3[1])


def _modules(document: Document, project: Project | None) -> tuple[Module, ...]:
    modules = []
    for part in document.parts:
        cells = tuple(span.start for span in part.notebook.spans) if part.notebook is not None else ()
        modules.append(
            Module(
                part.masked,
                document.path,
                project=project,
                cell_starts=cells,
                unmasked=part.text,
                conversion=document.conversion,
            )
        )
    return tuple(modules)


def plan_file(
    path: str,
    data: bytes,
    rules: Sequence[Rule],
    surroundings: Surroundings | None = None,
    project: Project | None = None,
) -> FilePlan:
    """Return the plan of a file, given its path relative to the repository and its content."""
    surroundings = surroundings or Surroundings()
    if not surroundings.migrates and not any(token in data for rule in rules for token in rule.tokens):
        return FilePlan(path, mode=surroundings.mode)
    try:
        return open_file(path, data, project).plan(rules, surroundings)
    except UnparsableSourceError as error:
        return FilePlan(path, failure=Failure(error.line, error.reason), mode=surroundings.mode)


def _placed(site: Site, part: Part) -> Site:
    """Count the site's line within its cell, where it has one."""
    cell = part.cell(site.anchor)
    if cell is None:
        return site
    number, first_line = cell
    return replace(site, cell=number, line=site.line - first_line + 1)
