"""The variables of the reference state beside those of the new model, by a digest of their bits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from migrate.legacy.collections import trainable_nodes, variable_defs
from migrate.verify.native_model import NativeModel
from migrate.verify.proof import WeightCheck
from migrate.verify.session_model import SessionModel, VariableReader
from migrate.verify.signature_tensors import Array, as_array, portable

_OTHER_VALUES = "its values differ"
_READ_AT_ONCE = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class VariableState:
    """One variable: dtype, shape and the SHA-256 of its values.

    Attributes:
        trainable: None where the graph keeps no collection that tells.
        parts: of a partitioned variable, by their nodes.
        aliases: the other names that the graph has for it: nodes that share one state.
    """

    dtype: str
    shape: tuple[int, ...]
    digest: bytes
    trainable: bool | None
    parts: tuple[tuple[str, VariableState], ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferenceState:
    """Every initialised variable of the original with its name, partitioned ones whole, and the names without a value.

    Only variables that TF2 made can share a name.
    """

    variables: tuple[tuple[str, VariableState], ...]
    uninitialised: tuple[str, ...]


def reference_state(model: SessionModel) -> ReferenceState:
    """Digest the variables of a session, holding one variable (or 32 MiB of small ones) in memory at a time."""
    reader = model.variable_values()
    trainable = trainable_nodes(model.meta_graph)
    collected = {definition.variable_name.partition(":")[0] for definition in variable_defs(model.meta_graph)}
    slices = _slices(model.meta_graph, reader)
    in_slices = {part for parts in slices.values() for part in parts}

    def is_trainable(name: str) -> bool | None:
        return (name in trainable) if name in collected else None

    def state_of(name: str, value: Array) -> VariableState:
        return VariableState(value.dtype.name, value.shape, digest(value), is_trainable(name))

    states = {
        name: state_of(name, value)
        for name, value in _values(reader, tuple(name for name in reader.names if name not in in_slices))
    }
    for whole, slices_of in slices.items():
        value, parts = _assemble(reader, slices_of), []
        for part in slices_of:
            parts.append((part, state_of(part, reader.read((part,))[part])))
        states[whole] = replace(state_of(next(iter(slices_of)), value), parts=tuple(parts))
    identities: dict[str, Any] = {name: (reader.identities[name],) for name in states if name not in slices}
    for whole, slices_of in slices.items():
        identities[whole] = tuple(reader.identities[part] for part in slices_of)
    return ReferenceState(tuple(_with_aliases(states, identities).items()), reader.uninitialised)


def _with_aliases(states: Mapping[str, VariableState], identities: Mapping[str, Any]) -> dict[str, VariableState]:
    """Tell of each variable which others are the same; one is trainable where any of these is."""
    groups: dict[Any, list[str]] = {}
    for name, identity in identities.items():
        groups.setdefault(identity, []).append(name)
    result = dict(states)
    for names in groups.values():
        for name in names if len(names) > 1 else ():
            told = [state.trainable for state in map(states.__getitem__, names) if state.trainable is not None]
            others = tuple(other for other in names if other != name)
            result[name] = replace(states[name], aliases=others, trainable=any(told) if told else None)
    return result


def native_state(model: NativeModel) -> ReferenceState:
    """Digest the variables of an original that is a TF2 SavedModel: its graph does not hold their names."""
    states = [
        (name, VariableState(value.dtype.name, value.shape, digest(value), bool(variable.trainable)))
        for name, variables in model.variables().items()
        for variable in variables
        for value in (portable(as_array(variable.numpy()), model.export_dir),)
    ]
    return ReferenceState(tuple(states), ())


def changed_variables(state: ReferenceState, again: ReferenceState) -> frozenset[str]:
    """Name the variables that hold other values when the original is loaded a second time."""
    before = {(name, each.digest) for name, each in state.variables}
    return frozenset(name for name, each in again.variables if (name, each.digest) not in before)


def compare_weights(
    reference: ReferenceState,
    model: NativeModel,
    by_chance: frozenset[str] = frozenset(),
    apart: frozenset[str] = frozenset(),
) -> WeightCheck:
    """Look every variable of the reference up in the new model by name and compare its bits.

    Args:
        reference: the original's variables.
        model: the new model.
        by_chance: variables of which only dtype and shape are compared.
        apart: the nodes of parts that are variables of their own in the new model, on purpose.
    """
    found = model.variables()
    differences = [
        f"variable {name!r}: {reason}"
        for name, state in reference.variables
        if (reason := _difference(name, state, found, model.export_dir, apart))
        and not (name in by_chance and reason == _OTHER_VALUES)
    ]
    count = len(reference.variables)
    random = tuple(sorted(by_chance & {name for name, _ in reference.variables}))
    return WeightCheck(count - len(random), count - len(random) - len(differences), tuple(differences), random)


def digest(value: Array) -> bytes:
    """Return the SHA-256 of an array's bits; for strings, of every element's length and bytes."""
    if value.dtype != object:
        return hashlib.sha256(np.ascontiguousarray(value).view(np.uint8).data if value.size else b"").digest()
    state = hashlib.sha256()
    for element in value.ravel().tolist():
        content = element if isinstance(element, bytes) else str(element).encode()
        state.update(len(content).to_bytes(8, "little"))
        state.update(content)
    return state.digest()


def _difference(
    name: str, state: VariableState, found: Mapping[str, list[Any]], model_dir: Path, apart: frozenset[str]
) -> str:
    candidates = next((found[each] for each in (name, *state.aliases) if each in found), [])
    parts = dict(state.parts)
    if not candidates and parts and all(part in found for part in parts):
        if not apart.issuperset(parts):
            return "it is not whole: the new model holds its parts as separate variables"
        reasons = {part: _difference(part, each, found, model_dir, apart) for part, each in parts.items()}
        wrong = [f"its part {part!r}: {reason}" for part, reason in reasons.items() if reason]
        # Parts that an init op fills by chance are named by the whole.
        return _OTHER_VALUES if wrong and set(reasons.values()) <= {"", _OTHER_VALUES} else "; ".join(wrong)
    if not candidates:
        return "it is missing in the new model"
    reasons_of = [_difference_of(state, candidate, model_dir) for candidate in candidates]
    return "" if "" in reasons_of else reasons_of[0]


def _difference_of(state: VariableState, candidate: Any, model_dir: Path) -> str:
    try:
        value = portable(as_array(candidate.numpy()), model_dir)
    except Exception as error:
        # TensorFlow raises errors of many classes here, for instance for a variable without a value.
        return f"its value cannot be read: {str(error).splitlines()[0]}"
    if value.dtype.name != state.dtype:
        return f"dtype {value.dtype.name} in place of {state.dtype}"
    if value.shape != state.shape:
        return f"shape {list(value.shape)} in place of {list(state.shape)}"
    if digest(value) != state.digest:
        return _OTHER_VALUES
    if state.trainable is not None and bool(candidate.trainable) != state.trainable:
        return f"trainable is {bool(candidate.trainable)} in place of {state.trainable}"
    return ""


def _values(reader: VariableReader, names: tuple[str, ...]) -> Iterator[tuple[str, Array]]:
    batch: list[str] = []
    size = 0
    for name in names:
        if batch and size + reader.size(name) > _READ_AT_ONCE:
            yield from reader.read(tuple(batch)).items()
            batch, size = [], 0
        batch.append(name)
        size += reader.size(name)
    if batch:
        yield from reader.read(tuple(batch)).items()


def _slices(meta_graph: Any, reader: VariableReader) -> dict[str, dict[str, Any]]:
    """Return, by the full name of each partitioned variable, the SaveSliceInfoDef of each of its nodes."""
    slices: dict[str, dict[str, Any]] = {}
    for definition in variable_defs(meta_graph):
        node = definition.variable_name.partition(":")[0]
        if definition.HasField("save_slice_info_def") and node in reader.names:
            info = definition.save_slice_info_def
            slices.setdefault(info.full_name, {})[node] = info
    return slices


def _assemble(reader: VariableReader, parts: Mapping[str, Any]) -> Array:
    """Put the parts of one variable together."""
    full_shape = tuple(next(iter(parts.values())).full_shape)
    whole: Array | None = None
    for node, info in parts.items():
        value = reader.read((node,))[node]
        if whole is None:
            whole = np.zeros(full_shape, dtype=value.dtype)
        whole[tuple(slice(o, o + s) for o, s in zip(info.var_offset, info.var_shape, strict=True))] = value
    assert whole is not None, "a partitioned variable has at least one part"
    return whole
