"""What is known of the program that a module belongs to: one value, made before the module is planned."""

from __future__ import annotations

from dataclasses import dataclass, field

from codemods.names.target import Target, installed_target
from codemods.source.generation import Generation
from codemods.source.mode import Mode


@dataclass(frozen=True, slots=True)
class Program:
    """How a program is migrated, and what one of its modules is in it.

    Attributes:
        mode: how it runs on TensorFlow 2.
        migrates: it is being migrated, even if the module holds no site itself.
        is_entry: it starts in the module: no other module of the run imports it, or it has a `__main__` block.
        generation: the TensorFlow that it is written for.
        legacy_keras: some module of it needs legacy Keras, so whoever imports TensorFlow first must ask for it.
        taken_names: names that other modules import from the module; `*` where one imports everything.
        keras: write Keras models next to the model_fns of Estimators (`--keras`).
        self_contained: write what exports a live session into the file, instead of calling the shim.
        target: the TensorFlow that the rewritten code is to run on (`--tensorflow`).
    """

    mode: Mode = Mode.EAGER
    migrates: bool = field(default=False, kw_only=True)
    is_entry: bool = field(default=True, kw_only=True)
    generation: Generation = field(default=Generation.EITHER, kw_only=True)
    legacy_keras: bool = field(default=False, kw_only=True)
    taken_names: frozenset[str] = field(default=frozenset(), kw_only=True)
    keras: bool = field(default=False, kw_only=True)
    self_contained: bool = field(default=False, kw_only=True)
    target: Target = field(default_factory=installed_target, kw_only=True)

    @property
    def runs_on_tensorflow2(self) -> bool:
        """Whether it is a program of TensorFlow 2 already: its names and its mode stay."""
        return self.generation is Generation.V2
