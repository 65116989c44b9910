"""`MetaGraphModule`: a MetaGraphDef of TensorFlow 1 as a `tf.Module` of TensorFlow 2."""

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
from migrate.graph.partitions import wholes_to_keep_apart
from migrate.graph.resource_state import to_resource_state
from migrate.graph.tensor_name import TensorName, parse_tensor
from migrate.legacy.checkpoint_files import check_checkpoint
from migrate.legacy.collections import asset_file_defs, asset_tensors
from migrate.legacy.initialization import Initialization, read_initialization
from migrate.legacy.restore import RestoreMap, read_restore_map
from migrate.legacy.saved_model import LegacySavedModel, with_inlined_state
from migrate.legacy.signatures import Signature, read_signatures
from migrate.legacy.state import LegacyVariable, read_variables, with_parts_apart
from migrate.preflight.allowed_ops import NO_OPS, AllowedOps
from migrate.preflight.effects import check_run, refuse_effects
from migrate.preflight.runs import run_of_fetches
from migrate.shim.legacy_graph import Feed, LegacyGraph
from migrate.shim.signature_function import SignatureFunction
from migrate.shim.state import State
from migrate.shim.tables import LoadAction


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


class MetaGraphModule(tf.Module):  # type: ignore[misc]
    """A legacy model whose state is held in resource variables and tracked tables.

    `migrate.shim.load` makes one with its weights. Made directly, it has the variables' handles and no values.

    Attributes:
        legacy: the model that it was made of.
        signatures: callables by signature key.
    """

    def __init__(self, legacy: LegacySavedModel, *, allowed: AllowedOps = NO_OPS) -> None:
        super().__init__()
        refuse_effects(legacy.meta_graph, allowed, legacy.path)
        self._allowed = allowed
        self.legacy = legacy = with_inlined_state(legacy)
        self.initialization: Initialization = read_initialization(legacy.meta_graph)
        with _naming(legacy.path):
            self.restores: RestoreMap = read_restore_map(legacy.meta_graph)
            signatures = read_signatures(legacy.meta_graph)
        if self.restores.variables or self.restores.tables:
            check_checkpoint(legacy.checkpoint)
        self._graph = LegacyGraph(legacy.meta_graph)
        self.state = State(self._graph.nodes, self._variables(signatures))
        self._make_stored_variables()
        self.assets = self._assets()
        self.signatures: Mapping[str, SignatureFunction] = MappingProxyType(
            {signature.key: self._signature_function(signature) for signature in signatures}
        )
        with _naming(legacy.path):
            self.load_actions = self._load_actions()
            self._set_table_initializers()
        self._compiled: dict[Any, Any] = {}
        self._may_be_unset: set[str] = set()

    @property
    def variables(self) -> tuple[Any, ...]:
        """All variables, in the order of the legacy graph; their names are those of TF1."""
        return tuple(self.state.variables.values())

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """The variables that were in the `trainable_variables` collection."""
        return tuple(variable for variable in self.variables if variable.trainable)

    def run(self, fetches: Any, feeds: Mapping[str, Any] | None = None) -> Any:
        """Fetch tensors by name, as `Session.run` did.

        Args:
            fetches: a name like `scope/node:0` (or an operation, `scope/node`, which gives None), or a list, tuple or
                dictionary of names.
            feeds: values by tensor name.

        Returns:
            tensors in the structure of `fetches`. The graph is compiled once for each set of names.

        Raises:
            RefusedModelError: a name is not in the graph, a placeholder is not fed, or a variable has no value.
        """
        feeds = feeds or {}
        names = [str(name) for name in tf.nest.flatten(fetches)]
        fed = [Feed(f"feed_{number}", _tensor(name)) for number, name in enumerate(sorted(feeds))]
        function = self._compile(tuple(names), tuple(fed))
        values = [feeds[name] for name in sorted(feeds)]
        specs = function.inputs[: len(values)]
        outputs = function(
            *(tf.convert_to_tensor(value, spec.dtype) for value, spec in zip(values, specs, strict=True))
        )
        self._refuse_unset_variables(function)
        return tf.nest.pack_sequence_as(fetches, [outputs.get(name) for name in names])

    def save(self, path: str | Path) -> None:
        """Write the module with the values that it has now as a native TF2 SavedModel.

        Signatures, method names, tags, assets and `assets.extra` are those of the legacy model.

        Raises:
            Tf1to2Error: `path` exists.
        """
        from migrate.rewrap.writing import save_module

        save_module(self, Path(path))

    def _refuse_unset_variables(self, function: Any) -> None:
        """Look at what a call has left without value: reading that, TensorFlow 2 silently gives an empty tensor."""
        for variable in function.graph.variables if self._may_be_unset else ():
            name = variable.name.partition(":")[0]
            if name in self._may_be_unset:
                if not tf.compat.v1.is_variable_initialized(variable):
                    raise RefusedModelError(
                        f"{self.legacy.path}: the variable {name!r} has no value: neither the checkpoint nor the init "
                        "op gives it one; run an operation that assigns it first."
                    )
                self._may_be_unset.discard(name)

    def _compile(self, names: tuple[str, ...], fed: tuple[Feed, ...]) -> Any:
        if (names, fed) not in self._compiled:
            tensors = {name: _tensor(name) for name in names if ":" in name}
            operations = [name for name in names if ":" not in name]
            self._refuse_effects(tuple(tensors.values()), tuple(operations), fed)
            tables, variables = set(self.state.tables), set(self.state.variables)
            self._compiled[names, fed] = self._graph.function(self.state, fed, tensors, operations)
            self._may_be_unset.update(self.state.variables.keys() - variables)
            # A table that no signature uses is first met here.
            self._set_table_initializers()
            for identity in self.state.tables.keys() - tables:
                self.state.tables[identity].run_initializer()
        return self._compiled[names, fed]

    def _refuse_effects(
        self, fetches: tuple[TensorName, ...], operations: tuple[str, ...], fed: tuple[Feed, ...]
    ) -> None:
        run = run_of_fetches(fetches, operations, frozenset(feed.tensor for feed in fed))
        problems = check_run(self.legacy.meta_graph.graph_def, run, self._allowed)
        if problems:
            raise RefusedModelError(f"{self.legacy.path}: " + " ".join(problem.message for problem in problems))

    def _variables(self, signatures: Sequence[Signature]) -> tuple[LegacyVariable, ...]:
        variables = read_variables(self.legacy, self.restores)
        parts = {node: part for variable in variables for node, part in variable.parts.items()}
        if not parts:
            return variables
        cuts = [self._cut(signature) for signature in signatures]
        cuts.append(self._graph.cut([], self.initialization.writes, list(asset_tensors(self.legacy.meta_graph))))
        apart = (wholes_to_keep_apart(to_resource_state(cut.nodes, []).nodes, parts) for cut in cuts)
        return with_parts_apart(variables, frozenset().union(*apart))

    def _make_stored_variables(self) -> None:
        """Make every variable that has a value, in the order of the graph, also those that no signature uses."""
        set_by_init = self.initialization.variables | self.initialization.path_variables
        for node in self._graph.nodes:
            variable = self.state.legacy_variable(node)
            if variable is not None and (variable.stored is not None or node in set_by_init):
                self.state.variable(node)

    def _signature_function(self, signature: Signature) -> SignatureFunction:
        try:
            return SignatureFunction(self._graph, self.state, signature)
        except RefusedModelError as error:
            raise RefusedModelError(f"{self.legacy.path}: the signature {signature.key!r}: {error}") from error

    def _cut(self, signature: Signature) -> Any:
        try:
            return self._graph.cut(
                [endpoint.tensor for endpoint in signature.outputs],
                [],
                [endpoint.tensor for endpoint in signature.inputs],
            )
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

    def _set_table_initializers(self) -> None:
        for identity, table in list(self.state.tables.items()):
            if table.initialize is None and identity in self.initialization.tables:
                table.initialize = self.initializer(self.initialization.tables[identity]).run

    def initializer(self, operations: Sequence[str]) -> Initializer:
        """Return what runs nodes of the graph, with the assets' paths fed.

        Raises:
            RefusedModelError: see `LegacyGraph.function`.
        """
        paths = asset_tensors(self.legacy.meta_graph)
        fed = sorted(self._graph.cut([], operations, list(paths)).fed)
        feeds = [Feed(f"asset_{number}", tensor) for number, tensor in enumerate(fed)]
        function = self._graph.function(self.state, feeds, {}, operations)
        return Initializer(function, tuple(self.assets[paths[tensor]] for tensor in fed))


@contextmanager
def _naming(model: Path) -> Iterator[None]:
    """Say which model a refusal is about."""
    try:
        yield
    except RefusedModelError as error:
        raise RefusedModelError(f"{model}: {error}") from error


def _tensor(name: str) -> TensorName:
    try:
        return parse_tensor(name)
    except ValueError as error:
        raise RefusedModelError(f"{error}; a tensor is `scope/node:0`.") from None
