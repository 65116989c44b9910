"""What a person should know about a rewrapped model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from migrate.legacy.gradients import drawn_over_stored, variables_behind_loops
from migrate.legacy.model_files import files_left_behind
from migrate.native_module.lost_defaults import lost_defaults_of
from migrate.native_module.module import LegacyModule
from migrate.native_module.signature_function import SignatureFunction
from migrate.native_module.tables import StartedIterator
from migrate.preflight.effects import effects_of, effects_of_run
from migrate.preflight.other_numbers import in_words, other_numbers
from migrate.preflight.runs import Phase, run_of_fetches

_MOST_NAMES = 5


def notes(module: LegacyModule) -> tuple[str, ...]:
    """Return sentences about a module that was written."""
    return (
        *module.legacy.notes,
        *_initialization(module),
        *_effects_left_out(module),
        *(note for s in module.signatures.values() for note in _signature(s)),
        *_open_orders(module),
        *module.lost_names,
        *_gradients(module),
        *_files_left_behind(module),
        *in_words(other_numbers(module.legacy.meta_graph)),
    )


def _gradients(module: LegacyModule) -> Iterator[str]:
    variables = variables_behind_loops(module.legacy.meta_graph)
    if variables:
        yield (
            "TensorFlow 2 takes no gradients through loops of TensorFlow 1 (tf.while_loop, dynamic_rnn, map_fn), which "
            f"stay loops of that kind here: none reach {_some(variables)}."
        )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


def _files_left_behind(module: LegacyModule) -> Iterator[str]:
    names = files_left_behind(module.legacy.path)
    if names:
        yield (f"{_some(names)} in the folder of the model is no part of it, and not copied; copy what clients read.")


def _open_orders(module: LegacyModule) -> Iterator[str]:
    for function in module.signatures.values():
        fetches = [endpoint.tensor for endpoint in function.signature.outputs]
        feeds = [endpoint.tensor for endpoint in function.signature.inputs]
        unordered = module.graph.unordered_variables(fetches, feeds)
        if unordered:
            yield (
                f"{function.signature.key}: the graph has no order between reads and writes of "
                f"{_some(unordered)} within a call, so that TensorFlow 1 may give the value "
                "before or after the write; here a read comes first where it waits for no input or was made before."
            )


def _effects_left_out(module: LegacyModule) -> Iterator[str]:
    """Tell what the original did outside of the process when it was loaded, and the new model does not do."""
    graph_def = module.legacy.meta_graph.graph_def
    initialization = module.initialization
    kept = (*(name for names in initialization.tables.values() for name in names), *initialization.path_writes)
    still = {(one.op, one.place) for one in effects_of_run(graph_def, run_of_fetches((), kept, frozenset()))}
    for effect in effects_of(module.legacy.meta_graph):
        if effect.phase in (Phase.RESTORE, Phase.INIT, Phase.READ) and (effect.op, effect.place) not in still:
            yield (
                f"the op {effect.op} {effect.does}, {effect.phase.value}, in the original (node {effect.place}); "
                "the new model does not run it."
            )


def _initialization(module: LegacyModule) -> Iterator[str]:
    initialization = module.initialization
    used = [table for identity, table in module.state.tables.items() if identity in initialization.forgotten_tables]
    if used:
        yield (
            f"{len(used)} lookup table(s) are initialised by the table_initializer collection alone: the TF1 loader "
            "leaves them empty, so that lookups failed; here they are filled."
        )
    drawn = drawn_over_stored(module.legacy.meta_graph, initialization, module.restores)
    if drawn:
        yield (
            f"the init op draws random numbers over the stored weights of {_some(drawn)} at every load: the trained "
            "weights do not count in this model, nor did they in TensorFlow 1; export it without that init op if they "
            "shall."
        )
    if initialization.variables:
        names = ", ".join(sorted(initialization.variables))
        yield f"the init op sets {names} at every load; the values that it gave now are stored as weights."
    iterators = [table for table in module.state.tables.values() if isinstance(table, StartedIterator)]
    if iterators:
        yield (
            f"the init op starts {len(iterators)} iterator(s), which signatures draw from: each load starts them anew, "
            "and copies of the model that one process loads by tf.saved_model.load share them."
        )
    if module.state.scratch:
        yield (
            f"nothing sets {', '.join(sorted(module.state.scratch))} when the model is loaded: reading it fails before "
            "a signature has set it, as in TensorFlow 1; it is not among the stored variables, and copies of the model "
            "that one process loads by tf.saved_model.load share it."
        )
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
    yield from lost_defaults_of(function)
    names = function.loaded_names
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
