"""What clients of a signature must give to the new model and could leave out before."""

from __future__ import annotations

from collections.abc import Iterator

from migrate.native_module.module import LegacyModule
from migrate.native_module.signature_function import SignatureFunction


def lost_defaults(module: LegacyModule) -> tuple[str, ...]:
    """Return a sentence for each signature that has inputs which clients could leave out, and cannot now."""
    return tuple(sentence for function in module.signatures.values() for sentence in lost_defaults_of(function))


def lost_defaults_of(function: SignatureFunction) -> Iterator[str]:
    """Yield the sentence for one signature, if it has such inputs."""
    if function.lost_defaults:
        lost = ", ".join(function.lost_defaults)
        yield (
            f"{function.signature.key}: clients could leave out {lost}, whose default the legacy model computed at "
            "each call; the new model must be given it, so check that every client does."
        )
