"""Reads protos from files and collections: whatever is wrong with their bytes becomes one expected failure here."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from google.protobuf import message, text_format

from migrate.errors import UnreadableModelError
from migrate.legacy.file_kind import MAX_PROTO_BYTES, FileKind

Proto = TypeVar("Proto", bound=Any)


def read_proto(path: Path, proto: Proto, *, is_text: bool) -> Proto:
    """Parse a file into `proto` and return it.

    Raises:
        UnreadableModelError: the file cannot be read, or is no such proto.
    """
    try:
        if path.stat().st_size > MAX_PROTO_BYTES:
            raise UnreadableModelError(f"{path} is {FileKind.TOO_LARGE.value}; copy the model again.")
        if is_text:
            text_format.Parse(path.read_text(encoding="utf-8"), proto)
        else:
            proto.ParseFromString(path.read_bytes())
    except (message.DecodeError, text_format.ParseError, ValueError) as error:
        raise UnreadableModelError(f"{path} is damaged or cut off ({error}); copy the model again.") from error
    except RecursionError as error:
        raise UnreadableModelError(
            f"{path} is damaged: its messages are nested deeper than any model's; copy the model again."
        ) from error
    except OSError as error:
        raise UnreadableModelError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    return proto


def parsed(proto: Proto, data: bytes, what: str) -> Proto:
    """Parse bytes that are part of a model into `proto` and return it; `what` names them in the error.

    Raises:
        UnreadableModelError: they are no such proto.
    """
    try:
        proto.ParseFromString(data)
    except message.DecodeError as error:
        raise UnreadableModelError(f"{what} is damaged ({error}); copy the model again, or export it anew.") from error
    return proto
