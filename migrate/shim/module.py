"""`MetaGraphModule`: a legacy model that a program works with: it runs parts of the graph by name, and is saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.graph.tensor_name import TensorName, parse_tensor
from migrate.legacy.model import LegacyModel
from migrate.native_module.legacy_graph import Feed
from migrate.native_module.module import LegacyModule
from migrate.native_module.writing import save_module
from migrate.preflight.allowed_ops import NO_OPS, AllowedOps
from migrate.preflight.effects import check_run
from migrate.preflight.runs import run_of_fetches


class MetaGraphModule(LegacyModule):
    """A legacy model whose state is held in resource variables and tracked tables.

    `migrate.shim.load` makes one with its weights. Made directly, it has the variables' handles and no values.

    Attributes:
        legacy: the model that it was made of.
        signatures: callables by signature key.
    """

    def __init__(self, legacy: LegacyModel, *, allowed: AllowedOps = NO_OPS) -> None:
        super().__init__(legacy, allowed=allowed)
        self._allowed = allowed
        self._compiled: dict[Any, Any] = {}
        self._may_be_unset: set[str] = set()

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
            self.graph.check_ops(self.graph.cut(list(tensors.values()), operations, [one.tensor for one in fed]).nodes)
            tables, variables = set(self.state.tables), set(self.state.variables)
            self._compiled[names, fed] = self.graph.function(self.state, fed, tensors, operations)
            self._may_be_unset.update(self.state.variables.keys() - variables)
            # A table that no signature uses is first met here.
            self.set_table_initializers()
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


def _tensor(name: str) -> TensorName:
    try:
        return parse_tensor(name)
    except ValueError as error:
        raise RefusedModelError(f"{error}; a tensor is `scope/node:0`.") from None
