"""A SavedModel loaded by `tf.saved_model.load`, the way TF2 code loads it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from migrate.native_module.argument_names import parameter_name
from migrate.verify.proof import SECONDS_PER_REQUEST
from migrate.verify.request_limit import limited
from migrate.verify.signature_tensors import Array, Slot, Values, as_array, portable, slot_tensors

_SAVABLE = re.compile(r"[A-Za-z0-9_.\-][A-Za-z0-9_.\-/]*")


class NativeModel:
    """A loaded model. Raises what TensorFlow raises when the model does not load."""

    def __init__(
        self,
        export_dir: Path,
        tags: frozenset[str],
        signatures: Mapping[str, Any] | None = None,
        *,
        seconds_per_request: float = SECONDS_PER_REQUEST,
    ) -> None:
        """Load a model.

        Args:
            export_dir: its folder.
            tags: of its MetaGraphDef.
            signatures: its SignatureDefs. They tell which argument stands for an input whose key cannot be one.
            seconds_per_request: how long it may work on one.
        """
        self._seconds = seconds_per_request
        self.export_dir = export_dir
        self._signatures = signatures or {}
        self._loaded = tf.saved_model.load(str(export_dir), tags=sorted(tags))

    def run(self, key: str, signature: Any, request: Values) -> dict[Slot, Array]:
        """Call a signature by keyword.

        Args:
            key: the signature's key.
            signature: the old model's SignatureDef: its outputs are returned.
            request: values by the old model's inputs.

        Raises:
            KeyError: the function has no such argument, or gives no such output.
            RequestTimeoutError: it takes too long.
            Exception: what TensorFlow raises.
        """
        function = self._loaded.signatures[key]
        specs = function.structured_input_signature[1]
        arguments = {}
        for slot, value in request.items():
            name = self._argument(key, slot, specs)
            arguments[name] = tf.constant(value, dtype=specs[name].dtype)
        with limited(self._seconds):
            outputs = dict(_flatten(function(**arguments)))
        return {
            each.slot: portable(_output(each.slot, outputs), self.export_dir)
            for each in slot_tensors(signature.outputs)
        }

    def variables(self) -> dict[str, list[tf.Variable]]:
        """Return every tracked variable by the name of its TF1 node (that is, without `:0`)."""
        found: dict[str, list[tf.Variable]] = {}
        seen: set[int] = set()
        tracked = tf.train.TrackableView(self._loaded).descendants()
        # A model that was loaded from TF1 format lists them without tracking some of them.
        for variable in (*tracked, *getattr(self._loaded, "variables", ())):
            # In the place of a lost member TensorFlow loads a None; which one it was is told by `object_root`.
            if isinstance(variable, tf.Variable) and id(variable) not in seen:
                seen.add(id(variable))
                found.setdefault(variable.name.removesuffix(":0"), []).append(variable)
        return found

    def table(self, place: int, keys: int, values: int) -> tuple[Array, Array]:
        """Return the keys and the values of a table of the list `tables`, given their DataType numbers."""
        handle = self._loaded.tables[place].resource_handle
        exported = tf.raw_ops.LookupTableExportV2(
            table_handle=handle, Tkeys=tf.as_dtype(keys), Tvalues=tf.as_dtype(values)
        )
        return as_array(exported.keys.numpy()), as_array(exported.values.numpy())

    def renamed_inputs(self, key: str, signature: Any) -> dict[str, str]:
        """Return the argument for each input of a signature whose key is not the argument's name."""
        specs = self._loaded.signatures[key].structured_input_signature[1]
        slots = [each.slot for each in slot_tensors(signature.inputs) if str(each.slot) not in specs]
        return {str(slot): self._argument(key, slot, specs) for slot in slots}

    def unsavable_signatures(self) -> frozenset[str]:
        """Return the signatures with argument names that plain TensorFlow loads, and refuses to save."""
        return frozenset(
            key
            for key, function in self._loaded.signatures.items()
            for name in function.structured_input_signature[1]
            if not _SAVABLE.fullmatch(name) or keyword.iskeyword(name) or name == "self"
        )

    def save(self, path: Path, without: frozenset[str]) -> None:
        """Save the loaded model again with plain TF2, without some of its signatures."""
        signatures = {key: each for key, each in self._loaded.signatures.items() if key not in without}
        tf.saved_model.save(self._loaded, str(path), signatures=signatures if without else self._loaded.signatures)

    def _argument(self, key: str, slot: Slot, specs: Mapping[str, Any]) -> str:
        if str(slot) in specs:
            return str(slot)
        infos = {each.slot: each for each in slot_tensors(self._signatures[key].inputs)} if self._signatures else {}
        others = [name for name in specs if name not in map(str, infos)]
        if parameter_name(str(slot) or "_") in others:
            return parameter_name(str(slot))
        if slot in infos:
            # TensorFlow calls the placeholder <signature>_<argument>.
            placeholder = infos[slot].tensor.partition(":")[0]
            named = [name for name in others if placeholder.endswith(f"_{name}")]
            if named:
                return max(named, key=len)
        # What plain TensorFlow makes of a key when it saves a loaded model: `_` for `/`.
        alike = [name for name in others if _plain(name) == _plain(str(slot))]
        if len(alike) == 1:
            return alike[0]
        raise KeyError(f"no argument {str(slot)!r}; the function takes {', '.join(map(repr, sorted(specs))) or 'none'}")


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", name)


def _flatten(outputs: dict[str, Any]) -> Iterator[tuple[Slot, Array]]:
    for key, value in outputs.items():
        if isinstance(value, tf.SparseTensor):
            for part in ("indices", "values", "dense_shape"):
                yield Slot(key, part), as_array(getattr(value, part).numpy())
        elif isinstance(value, tf.Tensor):
            yield Slot(key), as_array(value.numpy())
        else:
            for index, component in enumerate(tf.nest.flatten(value, expand_composites=True)):
                yield Slot(key, f"component_{index}"), as_array(component.numpy())


def _output(slot: Slot, outputs: dict[Slot, Array]) -> Array:
    for candidate in (slot, Slot(str(slot))):
        if candidate in outputs:
            return outputs[candidate]
    raise KeyError(f"no output {str(slot)!r}; the function gives {', '.join(repr(str(each)) for each in outputs)}")
