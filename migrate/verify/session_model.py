"""A SavedModel loaded by the TF1 loader into a Session, the way TensorFlow Serving loads it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import tensorflow as tf

from migrate.legacy.collections import table_initializers
from migrate.legacy.state import VARIABLE_NODE_OPS, state_identity
from migrate.verify.proof import SECONDS_PER_REQUEST
from migrate.verify.request_limit import limited
from migrate.verify.signature_tensors import Array, Slot, Values, as_array, portable, slot_tensors

_v1 = tf.compat.v1
# Far slower than a disk: loading shall end, not be measured.
_RESTORED_BYTES_A_SECOND = 10e6
_UNREADABLE = (tf.resource, tf.variant)


class SessionModel:
    """A loaded model: its graph, its session, its MetaGraphDef. Use it as a context manager.

    Raises what TensorFlow raises when the model does not load.
    """

    def __init__(
        self, export_dir: Path, tags: frozenset[str], seconds_per_request: float = SECONDS_PER_REQUEST
    ) -> None:
        self._seconds = seconds_per_request
        self.export_dir = export_dir
        self.tags = tags
        self.devices_cleared = False
        self.tables_initialised_by_collection = False
        try:
            self._load(clear_devices=False)
        except tf.errors.InvalidArgumentError as error:
            self.session.close()
            if "device" not in str(error):
                raise
            # Placed on a machine that is not here, which the loader cannot satisfy; Serving is told the same way.
            self.devices_cleared = True
            self._load(clear_devices=True)

    def _load(self, *, clear_devices: bool) -> None:
        self.graph = tf.Graph()
        seconds = self._seconds + _weight_bytes(self.export_dir) / _RESTORED_BYTES_A_SECOND
        config = _v1.ConfigProto(allow_soft_placement=True, operation_timeout_in_ms=int(1000 * seconds))
        self.session = _v1.Session(graph=self.graph, config=config)
        try:
            with limited(seconds):
                self.meta_graph: Any = _v1.saved_model.load(
                    self.session, sorted(self.tags), str(self.export_dir), clear_devices=clear_devices
                )
        except Exception:
            self.session.close()
            raise

    def __enter__(self) -> SessionModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()

    def run(self, signature: Any, request: Values) -> dict[Slot, Array]:
        """Run one signature and return its outputs.

        Raises:
            RequestTimeoutError: it takes too long.
            Exception: what TensorFlow raises; a signature that names a tensor that is not there counts as that.
        """
        feeds = {each.tensor: request[each.slot] for each in slot_tensors(signature.inputs) if each.slot in request}
        fetches = {each.slot: self.graph.get_tensor_by_name(each.tensor) for each in slot_tensors(signature.outputs)}
        for slot, tensor in fetches.items():
            if tensor.dtype in _UNREADABLE:
                raise TypeError(f"the output {slot} is a {tensor.dtype.name}, which no Session can return")
        options = _v1.RunOptions(timeout_in_ms=int(1000 * self._seconds))
        with limited(self._seconds):
            values = self.session.run(list(fetches.values()), feeds, options=options)
        found = zip(fetches, values, strict=True)
        return {slot: portable(as_array(value), self.export_dir) for slot, value in found}

    def probe(self, signature: Any, request: Values, names: tuple[str, ...]) -> dict[str, Array]:
        """Return what tensors hold for a request, without those that do not come to hold anything."""
        feeds = {each.tensor: request[each.slot] for each in slot_tensors(signature.inputs) if each.slot in request}
        options = _v1.RunOptions(timeout_in_ms=int(1000 * self._seconds))

        def run(wanted: tuple[str, ...]) -> dict[str, Array]:
            with limited(self._seconds):
                values = self.session.run(list(wanted), feeds, options=options)
            return dict(zip(wanted, map(as_array, values), strict=True))

        if not names:
            return {}
        with contextlib.suppress(tf.errors.OpError, ValueError, TypeError):
            return run(names)
        found: dict[str, Array] = {}
        for name in names if len(names) > 1 else ():
            with contextlib.suppress(tf.errors.OpError, ValueError, TypeError):
                found |= run((name,))
        return found

    def initialise_tables(self) -> bool:
        """Run the `table_initializer` collection, which the TF1 loader leaves alone; tell whether there was one."""
        names = table_initializers(self.meta_graph)
        if not names or self.tables_initialised_by_collection:
            return False
        self.session.run([self.graph.get_operation_by_name(name) for name in names], self.asset_feeds())
        self.tables_initialised_by_collection = True
        return True

    def asset_feeds(self) -> dict[str, str]:
        """Return what the loader feeds while it initialises: the path of each asset by tensor name."""
        return {name: str(self.export_dir / "assets" / file) for name, file in asset_files(self.meta_graph).items()}

    def variable_values(self) -> VariableReader:
        """Return a reader of the variables as they are now."""
        return VariableReader(self)


class VariableReader:
    """Reads the variables of a session, a few at a time."""

    def __init__(self, model: SessionModel) -> None:
        self._session = model.session
        self._model_dir = model.export_dir
        self._reads: dict[str, Any] = {}
        self.identities: dict[str, tuple[bytes, bytes]] = {}
        checks = {}
        with model.graph.as_default(), tf.device(None):
            for node in model.graph.get_operations():
                if node.type in VARIABLE_NODE_OPS:
                    self.identities[node.name] = state_identity(node.node_def)
                if node.type in ("VariableV2", "Variable"):
                    self._reads[node.name] = node.outputs[0]
                    checks[node.name] = tf.raw_ops.IsVariableInitialized(ref=node.outputs[0])
                elif node.type == "VarHandleOp":
                    dtype = node.get_attr("dtype")
                    self._reads[node.name] = tf.raw_ops.ReadVariableOp(resource=node.outputs[0], dtype=dtype)
                    checks[node.name] = tf.raw_ops.VarIsInitializedOp(resource=node.outputs[0])
        initialised: Mapping[str, Any] = self._session.run(checks) if checks else {}
        self.names = tuple(name for name, is_set in initialised.items() if bool(np.all(is_set)))
        self.uninitialised = tuple(name for name, is_set in initialised.items() if not np.all(is_set))

    def read(self, names: tuple[str, ...]) -> dict[str, Array]:
        """Return the values of these variables."""
        values = self._session.run({name: self._reads[name] for name in names})
        return {name: portable(as_array(value), self._model_dir) for name, value in values.items()}

    def size(self, name: str) -> int:
        """Return an estimate of the bytes that a variable takes, large where its shape is not known."""
        tensor = self._reads[name]
        elements = tensor.shape.num_elements()
        return 1 << 30 if elements is None else elements * max(tensor.dtype.base_dtype.size, 1)


def asset_files(meta_graph: Any) -> dict[str, str]:
    """Return the file name in `assets/` by the name of the tensor that holds its path."""
    from migrate.legacy.collections import asset_file_defs

    return {asset.tensor_info.name: asset.filename for asset in asset_file_defs(meta_graph)}


def _weight_bytes(model_dir: Path) -> int:
    return sum(file.stat().st_size for file in (model_dir / "variables").glob("*"))
