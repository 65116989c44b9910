"""Hostile models without end: an effect, wrapped at random, put where something of a model is run.

By hand: `python -m tests.fuzz.hostile_models --count 300 --seed 1`. Each model would leave a file in a canary folder,
read one, run Python or end the process. All go through `inspect`, `rewrap` (one run over the tree, and one with
--no-verify) and `verify`, as the old and as the new model; exit status 1 if one is not refused by the name of its op,
or if anything ran.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import tensorflow as tf

from migrate.errors import RefusedModelError
from migrate.inspection.read import read_facts
from migrate.verify import prove
from tests.faults.hostile_models import HARMLESS, Canary, defun, function, lookup, node, printing, raw, write_model
from tests.faults.running import tf1to2
from tests.verify.tiny_models import v1

Wrap = Callable[[Any], Any]
"""What is done with a tensor; an effect is done on the way."""


class Effect(NamedTuple):
    op: str
    on: Callable[[Canary, Any], Any]


EFFECTS = (
    Effect("WriteFile", lambda canary, x: canary.after(canary.write(), x)),
    Effect("PrintV2", lambda canary, x: canary.after(printing(canary.url), x)),
    Effect("SaveV2", lambda canary, x: canary.after(_save(canary, x), x)),
    Effect("Save", lambda canary, x: canary.after(raw.Save(filename=canary.file, tensor_names=["a"], data=[x]), x)),
    Effect("DebugIdentity", lambda canary, x: _debug(canary, x)),  # noqa: PLW0108 - defined below
    Effect("Abort", lambda canary, x: canary.after(raw.Abort(error_msg="", exit_without_error=True), x)),
    Effect("PyFunc", lambda canary, x: v1.py_func(lambda a: a, [x], tf.float32)),
    Effect("ReadFile", lambda canary, x: canary.after(tf.io.read_file("/etc/hostname"), x)),
    Effect("MatchingFiles", lambda canary, x: canary.after(raw.MatchingFiles(pattern="/etc/host*"), x)),
)


def _save(canary: Canary, x: Any) -> Any:
    return raw.SaveV2(prefix=canary.file, tensor_names=["a"], shape_and_slices=[""], tensors=[x])


def _debug(canary: Canary, x: Any) -> Any:
    return raw.DebugIdentity(input=x, device_name="", tensor_name="x:0", debug_urls=[canary.url], gated_grpc=False)


class Wrapper(NamedTuple):
    """Hides what is done in a construct of the graph; `number` makes names of functions unique."""

    name: str
    around: Callable[[Wrap, int], Wrap]


def _partitioned(inner: Wrap, number: int) -> Wrap:
    def call(x: Any) -> Any:
        body = defun(f"Partitioned{number}", inner)
        body.add_to_graph(v1.get_default_graph())
        return raw.StatefulPartitionedCall(args=[x], Tout=[tf.float32], f=body)[0]

    return call


def _case(inner: Wrap, number: int) -> Wrap:
    def call(x: Any) -> Any:
        branches = [defun(f"Case{number}_{name}", body) for name, body in (("a", _same), ("b", inner))]
        for branch in branches:
            branch.add_to_graph(v1.get_default_graph())
        return raw.Case(branch_index=1, input=[x], Tout=[tf.float32], branches=branches)[0]

    return call


def _implements(inner: Wrap, number: int) -> Wrap:
    """The function that is called is harmless; one with the same interface is not."""

    def call(x: Any) -> Any:
        good = defun(f"Good{number}", _same)
        evil = defun(f"Evil{number}", inner)
        result = good(x)
        evil.add_to_graph(v1.get_default_graph())
        return result

    return call


def _gradient(inner: Wrap, number: int) -> Wrap:
    def call(x: Any) -> Any:
        from tensorflow.python.framework import function as framework_function

        gradient = framework_function.Defun(tf.float32, tf.float32, func_name=f"Gradient{number}")(
            lambda a, dy: inner(dy)
        )
        good = defun(f"WithGradient{number}", lambda a: tf.identity(a) * 2.0, gradient)
        return good(x) + raw.SymbolicGradient(input=[x, tf.ones_like(x)], Tout=[tf.float32], f=good)[0]

    return call


def _function(inner: Wrap, number: int) -> Wrap:
    return lambda x: defun(f"Function{number}", inner)(x)  # noqa: PLW0108 - made in the graph where it is called


def _branch(inner: Wrap, number: int) -> Wrap:
    return lambda x: tf.cond(tf.size(x) >= 0, lambda: _shaped(inner(x), x), lambda: _same(x))


def _loop(inner: Wrap, number: int) -> Wrap:
    return lambda x: tf.while_loop(lambda i, a: i < 1, lambda i, a: (i + 1, _shaped(inner(a), a)), [0, x])[1]


def _same(x: Any) -> Any:
    return tf.identity(x)


def _shaped(result: Any, like: Any) -> Any:
    result.set_shape(like.shape)
    return result


WRAPPERS = (
    Wrapper("function", _function),
    Wrapper("partitioned call", _partitioned),
    Wrapper("case", _case),
    Wrapper("branch", _branch),
    Wrapper("loop", _loop),
    Wrapper("gradient", _gradient),
    Wrapper("same interface", _implements),
)


class Place(NamedTuple):
    """Where in a model something is run."""

    name: str
    put: Callable[[Any, Canary, Wrap], Any]


def _as_main_op(y: Any, canary: Canary, wrap: Wrap) -> Any:
    canary.main_op = tf.group(wrap(tf.constant([1.0])))
    return y


def _as_legacy_init_op(y: Any, canary: Canary, wrap: Wrap) -> Any:
    canary.legacy_init_op = tf.group(wrap(tf.constant([1.0])))
    return y


def _beside_a_table(y: Any, canary: Canary, wrap: Wrap) -> Any:
    keys = tf.as_string(wrap(tf.constant([1.0])))
    return y + lookup(y, tf.lookup.KeyValueTensorInitializer(keys, tf.constant([1], tf.int64)), canary)


def _behind_the_restore(y: Any, canary: Canary, wrap: Wrap) -> Any:
    tf.identity(wrap(tf.constant([1.0])), name="evil")

    def change(meta_graph: Any, path: Path) -> None:
        node(meta_graph.graph_def, meta_graph.saver_def.restore_op_name.partition(":")[0]).input.append("^evil")

    canary.edit(change)
    return y


def _as_a_default(y: Any, canary: Canary, wrap: Wrap) -> Any:
    optional = v1.placeholder_with_default(tf.reduce_sum(wrap(tf.constant([1.0]))), [], name="scale")

    def change(meta_graph: Any, path: Path) -> None:
        info = meta_graph.signature_def["serving_default"].inputs["scale"]
        info.name, info.dtype = "scale:0", tf.float32.as_datatype_enum

    canary.edit(change)
    return y * optional


PLACES = (
    Place("signature", lambda y, canary, wrap: wrap(y)),
    Place("main op", _as_main_op),
    Place("legacy init op", _as_legacy_init_op),
    Place("table", _beside_a_table),
    Place("restore op", _behind_the_restore),
    Place("default", _as_a_default),
)


class Recipe(NamedTuple):
    """One model of the run."""

    effect: Effect
    wrappers: tuple[Wrapper, ...]
    place: Place

    def build(self, y: Any, canary: Canary) -> Any:
        """Build the graph; see `write_model`."""
        wrap: Wrap = partial(self.effect.on, canary)
        for number, wrapper in enumerate(self.wrappers):
            wrap = wrapper.around(wrap, number)
        canary.edit(_same_interfaces)
        return self.place.put(y, canary, wrap)

    def __str__(self) -> str:
        return " in ".join([self.effect.op, *(wrapper.name for wrapper in self.wrappers), self.place.name])


def _same_interfaces(meta_graph: Any, path: Path) -> None:
    for each in list(meta_graph.graph_def.library.function):
        kind, number = each.signature.name[:4], each.signature.name[4:]
        if kind in ("Good", "Evil") and number.isdigit():
            attributes = function(meta_graph.graph_def, each.signature.name).attr
            attributes["api_implements"].s = f"interface{number}".encode()
            attributes["api_preferred_device"].s = b"GPU" if kind == "Good" else b"CPU"


def recipes(count: int, seed: int) -> list[Recipe]:
    """Return random recipes."""
    chance = random.Random(seed)
    return [
        Recipe(
            chance.choice(EFFECTS),
            tuple(chance.choice(WRAPPERS) for _ in range(chance.randrange(4))),
            chance.choice(PLACES),
        )
        for _ in range(count)
    ]


def findings(chosen: Sequence[Recipe], root: Path) -> list[str]:
    """Write the models below `root`, give them to every command, and return what should not have happened."""
    models, canary = root / "models", root / "canary"
    canary.mkdir(parents=True)
    write_model("plain", HARMLESS["plain"], root / "plain", canary)
    names: dict[str, Recipe] = {}
    found: list[str] = []
    for number, recipe in enumerate(chosen):
        name = f"{number:04}" + ("_v2" if number % 2 else "")
        try:
            write_model(name, recipe.build, models / name, canary)
            names[name] = recipe
        except Exception as error:  # not every combination is a graph
            print(f"not built: {recipe}: {type(error).__name__}: {str(error)[:120]}", file=sys.stderr)
    found += [f"while it was made: {file.name}: {names.get(file.name)}" for file in canary.iterdir()]
    for options in ([], ["--no-verify"]):
        report = root / "rows.json"
        ended = tf1to2("rewrap", models, "-o", root / "out", "--json", report, *options, seconds=3600)
        ended.check_spoken()
        for row in json.loads(report.read_text())["models"]:
            recipe = names[Path(row["source"]).name]
            if row["outcome"] != "refused" or f"the op {recipe.effect.op} " not in " ".join(row["notes"]):
                found.append(f"rewrap {options}: {row['outcome']}: {recipe}: {row['notes']}")
    for name, recipe in names.items():
        if not any(f"the op {recipe.effect.op} " in problem for problem in read_facts(models / name).all_problems):
            found.append(f"inspect: {recipe}")
        for old, new in ((models / name, root / "plain"), (root / "plain", models / name)):
            try:
                prove(old, new)
                found.append(f"verify: {recipe}")
            except RefusedModelError as error:
                if f"the op {recipe.effect.op} " not in str(error):
                    found.append(f"verify: {recipe}: {error}")
    found += [f"it ran: {file.name}: {names.get(file.name)}" for file in canary.iterdir()]
    print(f"{len(names)} models:", dict(Counter(recipe.place.name for recipe in names.values())))
    return found


def main() -> int:
    """Run by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        found = findings(recipes(options.count, options.seed), Path(folder))
    print(*found, sep="\n")
    print(f"{len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
