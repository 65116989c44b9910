"""What a person should know about a rewrapped model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from migrate.shim.argument_names import loaded_names
from migrate.shim.module import MetaGraphModule
from migrate.shim.signature_function import SignatureFunction


def notes(module: MetaGraphModule) -> tuple[str, ...]:
    """Return sentences about a module that was written."""
    return (*_initialization(module), *(note for s in module.signatures.values() for note in _signature(s)))


def lost_defaults(module: MetaGraphModule) -> tuple[str, ...]:
    """Return the sentences among the notes that may concern clients: they must give what they could leave out."""
    return tuple(sentence for function in module.signatures.values() for sentence in _lost_defaults(function))


def _lost_defaults(function: SignatureFunction) -> Iterator[str]:
    if function.lost_defaults:
        lost = ", ".join(function.lost_defaults)
        yield (
            f"{function.signature.key}: clients could leave out {lost}, whose default the legacy model computed at "
            "each call; the new model must be given it, so check that every client does."
        )


def _initialization(module: MetaGraphModule) -> Iterator[str]:
    initialization = module.initialization
    used = [table for identity, table in module.state.tables.items() if identity in initialization.forgotten_tables]
    if used:
        yield (
            f"{len(used)} lookup table(s) are initialised by the table_initializer collection alone: the TF1 loader "
            "leaves them empty, so that lookups failed; here they are filled."
        )
    if initialization.variables:
        names = ", ".join(sorted(initialization.variables))
        yield f"the init op sets {names} at every load; the values that it gave now are stored as weights."
    if not module.signatures:
        yield "the model has no signatures: it holds its variables and tables only; see migrate.shim.load(...).run."


def _signature(function: SignatureFunction) -> Iterator[str]:
    signature = function.signature
    keys = [endpoint.key for endpoint in signature.inputs]
    if not signature.outputs:
        yield f"{signature.key}: the signature has no outputs; TensorFlow 2 callers get `done`."
    if function.defaults or function.computed_defaults:
        optional = ", ".join(sorted({*function.defaults, *function.computed_defaults}))
        yield f"{signature.key}: {optional} may be left out in a Session and in Serving; TensorFlow 2 callers give it."
    yield from _lost_defaults(function)
    names = loaded_names(keys, function.arguments)
    stand_ins = [f"{name} for {key!r}" for key, name in zip(keys, names, strict=True) if key != name]
    if stand_ins:
        listed = ", ".join(stand_ins)
        yield f"{signature.key}: no Python function can take these keys; TensorFlow 2 callers use {listed}."
    fed = defaultdict(list)
    for endpoint in signature.inputs:
        fed[endpoint.tensor].append(endpoint.key)
    for tensor, same in fed.items():
        if len(same) > 1:
            yield f"{signature.key}: {' and '.join(same)} name one tensor ({tensor}); the value of {same[-1]} is used."
