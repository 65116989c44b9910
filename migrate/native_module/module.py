"""`LegacyModule`: a MetaGraphDef of TensorFlow 1 as a `tf.Module` of TensorFlow 2."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import tensorflow as tf

from migrate.errors import RefusedModelError, UnreadableModelError
from migrate.legacy.changing_shapes import can_change_shapes, changing_shapes
from migrate.legacy.checkpoint_files import check_checkpoint
from migrate.legacy.collections import asset_file_defs, asset_tensors
from migrate.legacy.initialization import Initialization, read_initialization
from migrate.legacy.inlined_state import with_inlined_state
from migrate.legacy.model import LegacyModel
from migrate.legacy.restore import RestoreMap, read_restore_map
from migrate.legacy.signatures import Signature, read_signatures
from migrate.legacy.state import LegacyVariable, read_variables, with_parts_apart, with_unknown_shapes
from migrate.native_module.legacy_graph import Feed, LegacyGraph
from migrate.native_module.parts_apart import cut_of, wholes_apart
from migrate.native_module.signature_function import SignatureFunction
from migrate.native_module.state import State
from migrate.native_module.tables import LoadAction
from migrate.preflight.allowed_ops import NO_OPS, AllowedOps
from migrate.preflight.problems import refuse


@dataclass(frozen=True, slots=True)
class Initializer:
    """Runs a part of the init op.

    Attributes:
        function: the concrete function; its only output says that it has run.
        assets: the assets whose paths are its arguments.
    """

    function: Any
    assets: tuple[Any, ...]

    def run(self) -> None:
        """Run it, now or in the function that is being traced."""
        done = self.function(*(asset.asset_path for asset in self.assets))
        # Initialising a table is no stateful op: without this, a traced caller would drop the call.
        tf.raw_ops.Assert(condition=next(iter(done.values())), data=["initialized"])


class LegacyModule(tf.Module):  # type: ignore[misc]
    """A legacy model whose state is held in resource variables and tracked tables.

    It has the variables' handles and no values: see `native_module.values`. Programs use `migrate.shim.load`.

    Attributes:
        legacy: the model that it was made of.
        graph: its graph, and the functions that are made of it.
        state: its variables and tables.
        assets: its tracked assets by file name.
        load_actions: what else runs at every load.
        signatures: callables by signature key.
        lost_names: what clients that go by the names of tensors must change, once it was written.
    """

    lost_names: tuple[str, ...] = ()

    def __init__(self, legacy: LegacyModel, *, allowed: AllowedOps = NO_OPS) -> None:
        super().__init__()
        refuse(legacy, allowed)
        self.legacy = legacy = with_inlined_state(legacy)
        self.initialization: Initialization = read_initialization(legacy.meta_graph)
        with _naming(legacy.path):
            self.restores: RestoreMap = read_restore_map(legacy.meta_graph)
            signatures = read_signatures(legacy.meta_graph)
        if self.restores.variables or self.restores.tables:
            check_checkpoint(legacy.checkpoint)
        self.graph = LegacyGraph(legacy.meta_graph)
        self.state = self._state(signatures)
        self._make_stored_variables()
        self.assets = self._assets()
        self.signatures: Mapping[str, SignatureFunction] = MappingProxyType(
            {signature.key: self._signature_function(signature) for signature in signatures}
        )
        with _naming(legacy.path):
            self.load_actions = self._load_actions()
            self.set_table_initializers()

    @property
    def variables(self) -> tuple[Any, ...]:
        """All variables, in the order of the legacy graph; their names are those of TF1."""
        return tuple(self.state.variables.values())

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """The variables that were in the `trainable_variables` collection."""
        return tuple(variable for variable in self.variables if variable.trainable)

    def _state(self, signatures: Sequence[Signature]) -> State:
        variables = read_variables(self.legacy, self.restores)
        apart = wholes_apart(self.legacy, self.graph, variables, signatures)
        scratch = frozenset(node for variable in variables for node in self._without_value(variable))
        if not scratch and not can_change_shapes(self.graph.nodes.values()):
            return State(self.graph.nodes, with_parts_apart(variables, apart))
        cuts = [cut_of(self.legacy, self.graph, signature) for signature in signatures]
        writes = (*self.initialization.writes, *self.initialization.path_writes)
        cuts.append(self.graph.cut([], writes, list(asset_tensors(self.legacy.meta_graph))))
        used = {node.name for cut in cuts for node in cut.nodes}
        changing = frozenset(name for cut in cuts for name in changing_shapes(cut.nodes, self.graph.functions))
        variables = with_unknown_shapes(with_parts_apart(variables, apart), changing)
        return State(self.graph.nodes, variables, scratch & used)

    def _without_value(self, variable: LegacyVariable) -> tuple[str, ...]:
        """Return the nodes of a variable that neither the checkpoint nor the init op gives a value."""
        set_by_init = self.initialization.variables | self.initialization.path_variables
        return variable.nodes if variable.stored is None and set_by_init.isdisjoint(variable.nodes) else ()

    def _make_stored_variables(self) -> None:
        """Make every variable that has a value, in the order of the graph, also those that no signature uses."""
        set_by_init = self.initialization.variables | self.initialization.path_variables
        for node in self.graph.nodes:
            variable = self.state.legacy_variable(node)
            if variable is not None and (variable.stored is not None or node in set_by_init):
                self.state.variable(node)

    def _signature_function(self, signature: Signature) -> SignatureFunction:
        try:
            return SignatureFunction(self.graph, self.state, signature)
        except RefusedModelError as error:
            raise RefusedModelError(f"{self.legacy.path}: the signature {signature.key!r}: {error}") from error

    def _assets(self) -> dict[str, Any]:
        """Return the tracked assets by file name; files that the graph does not use belong to the model, too."""
        assets = {}
        used = [definition.filename for definition in asset_file_defs(self.legacy.meta_graph)]
        for filename in dict.fromkeys((*used, *self.legacy.asset_files())):
            path = self.legacy.asset_path(filename)
            if not os.path.isfile(path):  # noqa: PTH113 - no error for a name that no file can have
                raise UnreadableModelError(
                    f"{self.legacy.path}: the asset {path} is missing; copy the export again, with its assets folder."
                )
            assets[filename] = tf.saved_model.Asset(str(path))
        return assets

    def _load_actions(self) -> list[LoadAction]:
        """Return what must run at every load: assignments of paths, which differ wherever the model lies."""
        writes = self.initialization.path_writes
        return [LoadAction(self.initializer(writes).run)] if writes else []

    def set_table_initializers(self) -> None:
        """Give the tables that exist by now what fills them."""
        for identity, table in list(self.state.tables.items()):
            if table.initialize is None and identity in self.initialization.tables:
                table.initialize = self.initializer(self.initialization.tables[identity]).run

    def initializer(self, operations: Sequence[str]) -> Initializer:
        """Return what runs nodes of the graph, with the assets' paths fed.

        Raises:
            RefusedModelError: see `LegacyGraph.function`.
        """
        paths = asset_tensors(self.legacy.meta_graph)
        fed = sorted(self.graph.cut([], operations, list(paths)).fed)
        feeds = [Feed(f"asset_{number}", tensor) for number, tensor in enumerate(fed)]
        function = self.graph.function(self.state, feeds, {}, operations)
        return Initializer(function, tuple(self.assets[paths[tensor]] for tensor in fed))


@contextmanager
def _naming(model: Path) -> Iterator[None]:
    """Say which model a refusal is about."""
    try:
        yield
    except RefusedModelError as error:
        raise RefusedModelError(f"{model}: {error}") from error
