"""Refuses a command's output files that could not be written, or would replace what they must not, before any work."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from migrate.errors import Tf1to2Error
from migrate.files.destination import Destination, DestinationKind, destination

_STDOUT = 1
_REPLACING = (DestinationKind.FILE, DestinationKind.NEW)


@dataclass(frozen=True, slots=True)
class Output:
    """A file that a person named for a product of the command: `--json`, and `report.json` or `-`."""

    option: str
    target: str


def outputs(**options: str | Path | None) -> tuple[Output, ...]:
    """Return the options that were given, as in `outputs(json=json_file, patch=patch)`."""
    return tuple(Output(f"--{name}", str(target)) for name, target in options.items() if target is not None)


def check_model_outputs(named: Iterable[Output], inputs: Iterable[Path | None], made: Path | None = None) -> None:
    """Refuse outputs that cannot be written, that are the same, or that belong to an input.

    Args:
        named: the outputs.
        inputs: models, trees of models and other files that the command reads; None for one that was not given.
        made: the folder that the command will make: what lies in it can be judged only afterwards.

    Raises:
        Tf1to2Error: one of them is refused; the message says why.
    """
    sources = [Path(os.path.realpath(source)) for source in inputs if source is not None]
    for output, place in _checked(named, made):
        for source in sources:
            _refuse_input(output, place, source)


def check_code_outputs(named: Iterable[Output], decisions: Path | None = None) -> None:
    """Refuse outputs that cannot be written, that are the same, or that are source code or the decisions file.

    Raises:
        Tf1to2Error: one of them is refused; the message says why.
    """
    from codemods.requirements.files import is_requirement_file
    from migrate.codemod.discover import SUFFIXES

    for output, place in _checked(named, None):
        if place.exists() and (place.suffix in SUFFIXES or is_requirement_file(place.name)):
            raise _refused(output, "it is source code, which a report may not replace; give another name")
        if decisions is not None and place == Path(os.path.realpath(decisions)):
            raise _refused(output, "the decisions of the review are kept there; give another name")


def _checked(named: Iterable[Output], made: Path | None) -> list[tuple[Output, Path]]:
    """Return the outputs that will be files of their own, with their places."""
    found: list[tuple[Output, Path]] = []
    written: dict[object, Output] = {}
    stdout = _identity_of_descriptor(_STDOUT)
    for output in named:
        there = _destination(output, made)
        identity = _identity(there)
        if identity is not None and written.setdefault(identity, output) is not output:
            raise _refused(output, f"{written[identity].option} goes to the same file; give each a name of its own")
        if there is not None and there.kind in _REPLACING:
            if identity == stdout:  # what was printed would go with the replaced file
                raise _refused(output, "standard output goes to the same file; give another name")
            found.append((output, there.place))
    return found


def _destination(output: Output, made: Path | None) -> Destination | None:
    if output.target == "-":
        return None
    if made is not None:
        place, folder = Path(os.path.realpath(output.target)), Path(os.path.realpath(made))
        if place == folder:
            raise _refused(output, "the result of the command goes there; give another name")
        if place.is_relative_to(folder) and not place.parent.exists():
            return Destination(Path(output.target), DestinationKind.NEW, place)
    return destination(Path(output.target))


def _identity(there: Destination | None) -> object | None:
    """What two outputs may not share; None for a device, which takes any number of them."""
    if there is None:
        return _identity_of_descriptor(_STDOUT) or "-"
    match there.kind:
        case DestinationKind.DEVICE:
            return None
        case DestinationKind.DESCRIPTOR:
            return _identity_of_descriptor(there.descriptor)
    return (there.status.st_dev, there.status.st_ino) if there.status is not None else there.place


def _identity_of_descriptor(number: int) -> object | None:
    try:
        status = os.fstat(number)
    except OSError:  # closed
        return None
    return None if stat.S_ISCHR(status.st_mode) else (status.st_dev, status.st_ino)


def _refuse_input(output: Output, place: Path, source: Path) -> None:
    from migrate.legacy.detect import main_file_of

    checkpoint = source.name.removesuffix(".meta")
    if place == source or (
        source.suffix == ".meta"
        and place.parent == source.parent
        and place.name.startswith((f"{checkpoint}.index", f"{checkpoint}.data-"))
    ):
        raise _refused(output, "the command reads it; give another name")
    tree = source if source.is_dir() else source.parent
    for folder in place.parents if place.is_relative_to(tree) else ():
        if folder.is_relative_to(tree) and main_file_of(folder) is not None:
            raise _refused(output, f"it lies in the model {folder}, which is only read; give a name outside of it")


def _refused(output: Output, reason: str) -> Tf1to2Error:
    return Tf1to2Error(f"{output.option} {output.target}: {reason}.")
