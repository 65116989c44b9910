"""Ways to spoil a rewrapped model, one byte of meaning each, for a proof to notice.

By hand, `python -m tests.verify.corruptions` tries them all with the whole proof, which takes a
few minutes, and prints which of them pass unnoticed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from migrate.legacy.saved_model import read_saved_model
from migrate.native_module.bundle_index import BundleIndex, read_index, shard_path, write_index
from migrate.native_module.table_writer import crc32c
from migrate.rewrap import rewrap
from migrate.verify.structure_walk import original_name
from tests.golden import golden_model
from tests.verify import tiny_models
from tests.verify.tiny_models import PREDICT, Signature

v1 = tf.compat.v1
Change = Callable[[Any], None]
SESSION, FUNCTIONS = "Session", "functions"
_FILES: dict[str, Path] = {}


@dataclass(frozen=True, slots=True)
class Way:
    """One corruption.

    Attributes:
        model: which model is spoilt.
        name: what is done, in words.
        change: edits the MetaGraphDef of the new model.
        files: edits the new model's other files; such a way shows only when the model is loaded.
    """

    model: str
    name: str
    change: Change | None = None
    files: Callable[[Path], None] | None = None


def make_model(name: str, folder: Path) -> tuple[Path, Path]:
    """Make or take an original and rewrap it; return both."""
    if name == "rich":
        _FILES["vocabulary"] = folder / "vocabulary.txt"
        _FILES["vocabulary"].write_text("cat\t3\ndog\t4\nowl\t5\n")
        old = tiny_models.export(folder / "old", rich, use_resource=False)
        (old / "assets.extra").mkdir()
        (old / "assets.extra" / "notes.txt").write_text("kept\n")
    else:
        old = golden_model(name).path
    rewrap(old, folder / "new")
    return old, folder / "new"


def rich() -> dict[str, Signature]:
    """Many ops, some of them where no made-up input leads."""
    image = v1.placeholder(tf.float32, [None, 4, 4, 1], name="image")
    words = v1.placeholder(tf.string, [None], name="words")
    scale = v1.placeholder_with_default(tf.constant(2.0, name="two"), [], name="scale")
    kernel = v1.get_variable("kernel", [2, 2, 1, 2], initializer=v1.glorot_uniform_initializer(seed=1))
    square = v1.get_variable("square", [2, 2], initializer=v1.constant_initializer([[1.0, 2.0], [3.0, 5.0]]))
    mean = v1.get_variable("mean", [2], trainable=False, initializer=v1.constant_initializer([0.5, 0.25]))
    for number in range(2):
        v1.get_variable(f"unused_{number}", [3], initializer=v1.constant_initializer([number, 1.0, 2.0]))
    convolved = tf.nn.conv2d(image, kernel, strides=[1, 1, 1, 1], padding="SAME", name="conv")
    normal, _, _ = v1.nn.fused_batch_norm(
        convolved, [1.0, 2.0], [0.0, 1.0], mean=[0.1, 0.2], variance=[1.0, 2.0], is_training=False, name="norm"
    )
    pooled = tf.reduce_mean(tf.nn.leaky_relu(normal, alpha=0.25, name="leaky"), axis=[1, 2], name="pool")
    mixed = tf.matmul(pooled, square, name="mix")
    far = tf.constant(1e30, name="far")
    chosen = tf.where(mixed > far, tf.multiply(mixed, 7.0, name="never"), tf.subtract(mixed, mean, name="less"))
    branched = tf.cond(tf.reduce_sum(mixed) > 1e30, lambda: chosen * 3.0, lambda: chosen + 0.0)
    left, right = tf.split(branched, 2, axis=1, name="halves")
    joined = tf.concat([left, right, left], axis=1, name="joined")
    clipped = tf.clip_by_value(joined, -1e20, 1e20, name="clipped")
    best = tf.argmax(clipped, axis=1, output_type=tf.int32, name="best")
    hot = tf.one_hot(best, 3, on_value=1.0, off_value=0.0, name="hot")
    check = v1.assert_less(tf.reduce_max(mixed), 1e25, name="check")
    calls = v1.get_variable("calls", [], trainable=False, initializer=v1.zeros_initializer())
    with tf.control_dependencies([check, v1.assign_add(calls, 1.0, name="count")]):
        scores = tf.add(tf.multiply(clipped, scale, name="scaled"), hot[:, 0:3], name="scores")
    return {
        "serving_default": ({"image": image, "scale": scale}, {"scores": scores, "best": best}, PREDICT),
        "lookup": ({"words": words}, _looked_up(words), PREDICT),
    }


def _looked_up(words: Any) -> dict[str, Any]:
    fixed = tf.lookup.KeyValueTensorInitializer(["a", "b", "zzz"], tf.constant([7, 8, 9], tf.int64))
    from_file = tf.lookup.TextFileInitializer(str(_FILES["vocabulary"]), tf.string, 0, tf.int64, 1, delimiter="\t")
    with v1.variable_scope("fixed"):
        ids = tf.lookup.StaticHashTable(fixed, -1).lookup(words)
    with v1.variable_scope("filed"):
        rows = tf.lookup.StaticVocabularyTable(from_file, 5).lookup(words)
    noise = tf.random.uniform([1], seed=3, name="noise")
    return {"ids": ids, "rows": rows, "noise": noise}


def ways() -> Iterator[Way]:
    """Yield every way, those of one model one after the other."""
    for place in (SESSION, FUNCTIONS):
        for name, change in _node_changes(place):
            yield Way("rich", f"{name}, in the {place}", change)
    yield from (Way("rich", name, change) for name, change in _CONTRACT.items())
    yield from (Way("rich", name, files=change) for name, change in _IN_FILES.items())
    for model, changes in _OTHERS.items():
        yield from (Way(model, name, change) for name, change in changes.items())
    yield Way("mutable_hash_table", "an entry of a mutable table", files=_weight("tables/0/"))


def _places(graph: Any, place: str) -> Iterator[Any]:
    if place == SESSION:
        yield graph.graph_def.node
    else:
        yield from (function.node_def for function in graph.graph_def.library.function)


def nodes_at(graph: Any, place: str, name: str) -> list[Any]:
    """Return the nodes that stand for one of the original's."""
    found = [node for nodes in _places(graph, place) for node in nodes if original_name(node.name) == name]
    assert found, f"no node {name} in the {place}"
    return found


def _at(place: str, name: str, edit: Callable[[Any], None]) -> Change:
    def change(graph: Any) -> None:
        for node in nodes_at(graph, place, name):
            edit(node)

    return change


def _constant(value: Any) -> Callable[[Any], None]:
    def edit(node: Any) -> None:
        assert node.op == "Const", node
        dtype = tf.dtypes.as_dtype(node.attr["dtype"].type)
        shape = tf.TensorShape(node.attr["value"].tensor.tensor_shape)
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, dtype, shape))

    return edit


def _op(op: str) -> Callable[[Any], None]:
    return lambda node: setattr(node, "op", op)


def _attribute(name: str, kind: str, value: Any) -> Callable[[Any], None]:
    def edit(node: Any) -> None:
        assert getattr(node.attr[name], kind) != value, node
        setattr(node.attr[name], kind, value)

    return edit


def _stride(node: Any) -> None:
    node.attr["strides"].list.i[1] = 2


def _inputs_swapped(first: int, second: int) -> Callable[[Any], None]:
    def edit(node: Any) -> None:
        assert node.input[first] != node.input[second], node
        node.input[first], node.input[second] = node.input[second], node.input[first]

    return edit


def _branches_swapped(node: Any) -> None:
    then, other = node.attr["then_branch"].func, node.attr["else_branch"].func
    then.name, other.name = other.name, then.name


def _input(place: int, edge: str) -> Callable[[Any], None]:
    def edit(node: Any) -> None:
        assert node.input[place] != edge, node
        node.input[place] = edge

    return edit


def _next_column(name: str) -> Callable[[Any], None]:
    def edit(node: Any) -> None:
        node.attr[name].i += 1

    return edit


def _spoilt(node: Any) -> None:
    value = tf.make_ndarray(node.attr["value"].tensor)
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value + np.ones_like(value)))


def _first_constant_of_loop(place: str) -> Change:
    def change(graph: Any) -> None:
        names = {original_name(node.name): node for nodes in _places(graph, place) for node in nodes}
        inside = [node for name, node in sorted(names.items()) if "while/" in name and node.op == "Const"]
        _spoilt(inside[0])

    return change


def _in_a_function(op: str, edit: Callable[[Any], None]) -> Change:
    """Edit the last node of an op in the functions that the original has."""

    def change(graph: Any) -> None:
        called = [each for each in graph.graph_def.library.function if "_tf1to2_" in each.signature.name]
        edit([node for function in called for node in function.node_def if node.op == op][-1])

    return change


def _part(place: str) -> Change:
    def change(graph: Any) -> None:
        begins = [
            node
            for nodes in _places(graph, place)
            for node in nodes
            if original_name(node.name).startswith("parts/matrix/part_1") and node.name.endswith("/begin")
        ]
        for node in begins:
            _constant([0, 0])(node)
        assert begins

    return change


def _node_changes(place: str) -> Iterator[tuple[str, Change]]:
    edits: dict[str, tuple[str, Callable[[Any], None]]] = {
        "strides of a convolution": ("conv", _stride),
        "padding of a convolution": ("conv", _attribute("padding", "s", b"VALID")),
        "epsilon of a normalisation": ("norm", _attribute("epsilon", "f", 2e-4)),
        "slope of a leaky ReLU": ("leaky", _attribute("alpha", "f", 0.26)),
        "axes of a mean": ("pool/reduction_indices", _constant([2, 1])),
        "keep_dims of a mean": ("pool", _attribute("keep_dims", "b", True)),
        "transposed weights": ("mix", _attribute("transpose_b", "b", True)),
        "a threshold that no input reaches": ("far", _constant(1.5e30)),
        "a factor behind that threshold": ("never/y", _constant(6.0)),
        "order of a subtraction": ("less", _inputs_swapped(0, 1)),
        "a subtraction for an addition": ("less", _op("AddV2")),
        "the op behind the threshold": ("never", _op("RealDiv")),
        "axis of a split": ("halves/split_dim", _constant(0)),
        "order of what is joined": ("joined", _inputs_swapped(0, 1)),
        "axis of what is joined": ("joined/axis", _constant(0)),
        "a bound that no input reaches": ("clipped/y", _constant(-2e20)),
        "the other bound": ("clipped/Minimum/y", _constant(2e20)),
        "axis of an argmax": ("best/dimension", _constant(0)),
        "argmin for argmax": ("best", _op("ArgMin")),
        "what a one-hot vector holds": ("hot/Const", _constant(1.5)),
        "a mask of a slice": ("strided_slice", _attribute("begin_mask", "i", 3)),
        "a multiplication for a division": ("scaled", _op("RealDiv")),
        "what an assertion allows": ("check/y", _constant(1e26)),
        "a counter that counts down": ("count/write", _op("AssignSubVariableOp")),
        "what a counter adds": ("count/value", _constant(2.0)),
        "default of a table": ("fixed/Const", _constant(-2)),
        "number of OOV buckets": ("filed/hash_table_Lookup/hash_bucket", _attribute("num_buckets", "i", 6)),
        "branches of a condition": ("cond", _branches_swapped),
        "seed of a random number": ("noise/RandomUniform", _attribute("seed2", "i", 4)),
        "dtype of a random number": ("noise/RandomUniform", _attribute("dtype", "type", 19)),
    }
    for name, (node, edit) in edits.items():
        yield name, _at(place, node, edit)
    yield "what waits for a counter", lambda graph: _not_waited_for(graph, place, "count")


def _not_waited_for(graph: Any, place: str, name: str) -> None:
    """Let nothing wait for a write any more."""
    before = graph.ByteSize()
    for nodes in _places(graph, place):
        for node in nodes:
            kept = [edge for edge in node.input if original_name(edge.removeprefix("^")) not in (name, f"{name}/write")]
            if len(kept) < len(node.input) and original_name(node.name) != name:
                node.input[:] = kept
    assert graph.ByteSize() < before


def _signature(edit: Callable[[Any], None], key: str = "serving_default") -> Change:
    return lambda graph: edit(graph.signature_def[key])


def _output_renamed(graph: Any) -> None:
    outputs = graph.signature_def["serving_default"].outputs
    outputs["result"].CopyFrom(outputs["scores"])
    del outputs["scores"]


def _outputs_swapped(graph: Any) -> None:
    outputs = graph.signature_def["lookup"].outputs
    outputs["ids"].name, outputs["rows"].name = outputs["rows"].name, outputs["ids"].name


def _signature_renamed(graph: Any) -> None:
    graph.signature_def["lookups"].CopyFrom(graph.signature_def["lookup"])
    del graph.signature_def["lookup"]


def _wrapper(graph: Any, key: str) -> Any:
    """Return the FunctionDef that a loaded signature calls."""
    objects = graph.object_graph_def
    root = {child.local_name: child.node_id for child in objects.nodes[0].children}
    children = {child.local_name: child.node_id for child in objects.nodes[root["signatures"]].children}
    name = objects.nodes[children[key]].bare_concrete_function.concrete_function_name
    return next(function for function in graph.graph_def.library.function if function.signature.name == name)


def _function_outputs_swapped(graph: Any) -> None:
    function = _wrapper(graph, "lookup")
    names = [argument.name for argument in function.signature.output_arg]
    function.ret[names[0]], function.ret[names[2]] = function.ret[names[2]], function.ret[names[0]]


def _function_output_renamed(graph: Any) -> None:
    name = _wrapper(graph, "lookup").signature.name
    fields = graph.object_graph_def.concrete_functions[name].output_signature.dict_value.fields
    fields["idz"].CopyFrom(fields["ids"])
    del fields["ids"]


def _placeholder(key: str, edit: Callable[[Any, Any], None]) -> Change:
    def change(graph: Any) -> None:
        name = graph.signature_def["serving_default"].inputs[key].name.partition(":")[0]
        nodes = {node.name: node for node in graph.graph_def.node}
        edit(nodes[name], nodes)

    return change


def _required(node: Any, nodes: Any) -> None:
    del nodes
    node.op = "Placeholder"
    del node.input[:]


def _optional(node: Any, nodes: Any) -> None:
    node.op = "PlaceholderWithDefault"
    node.input.append(next(each.name for each in nodes.values() if each.op == "Const"))


def _without_child(name: str, *path: str) -> Change:
    """Take a child away from the object that `path` leads to from the root."""

    def change(graph: Any) -> None:
        nodes = graph.object_graph_def.nodes
        node = nodes[0]
        for step in path:
            node = nodes[next(child.node_id for child in node.children if child.local_name == step)]
        kept = [child for child in node.children if child.local_name != name]
        assert len(kept) < len(node.children), (name, path)
        del node.children[:]
        node.children.extend(kept)

    return change


def _trainable(graph: Any) -> None:
    for node in graph.object_graph_def.nodes:
        if node.WhichOneof("kind") == "variable" and node.variable.name.removesuffix(":0") == "kernel":
            node.variable.trainable = not node.variable.trainable


def _restore_swapped(graph: Any) -> None:
    """Let the restore op of the graph give two variables that no signature uses each other's value."""
    named = {node.attr["shared_name"].s: node.name for node in graph.graph_def.node if node.op == "VarHandleOp"}
    first, second = named[b"unused_0"], named[b"unused_1"]
    (restore,) = (node for node in graph.graph_def.node if node.name == graph.saver_def.restore_op_name.split(":")[0])
    swap = {first: second, second: first}
    edges = [swap.get(edge, edge) for edge in restore.input]
    assert edges != list(restore.input)
    restore.input[:] = edges


def _init_does_less(graph: Any) -> None:
    """Let the init op wait for all but one of what fills the tables."""
    name = graph.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name.partition(":")[0]
    nodes = {node.name: node for node in graph.graph_def.node}
    waits = [edge for edge in nodes[name].input if edge.startswith("^")]
    assert waits
    nodes[name].input.remove(waits[0])


_CONTRACT: dict[str, Change] = {
    "the method name": _signature(lambda one: setattr(one, "method_name", "tensorflow/serving/classify")),
    "a tag": lambda graph: graph.meta_info_def.tags.append("gpu"),
    "a dtype in a signature": _signature(lambda one: setattr(one.outputs["scores"], "dtype", 2)),
    "a shape in a signature": _signature(lambda one: setattr(one.inputs["image"].tensor_shape.dim[1], "size", 5)),
    "an output under another key": _output_renamed,
    "an output less": lambda graph: graph.signature_def["serving_default"].outputs.pop("best"),
    "an input less": lambda graph: graph.signature_def["serving_default"].inputs.pop("scale"),
    "two outputs swapped, in the Session": _outputs_swapped,
    "two outputs swapped, in the functions": _function_outputs_swapped,
    "an output under another key, in the functions": _function_output_renamed,
    "a signature under another key": _signature_renamed,
    "a signature less, in the functions": _without_child("lookup", "signatures"),
    "the default of an optional input": _placeholder("scale", lambda node, nodes: _constant(3.0)(nodes[node.input[0]])),
    "an optional input that must be given": _placeholder("scale", _required),
    "an input that may be left out": _placeholder("image", _optional),
    "two variables swapped that nothing uses": _restore_swapped,
    "a table that the init op leaves out": _init_does_less,
    "what fills a table when it is loaded": _without_child("_initialize", "tables", "0"),
    "trainable or not": _trainable,
    "a member of trainable_variables": _without_child("0", "trainable_variables"),
    "the list trainable_variables": _without_child("trainable_variables"),
    "the list variables": _without_child("variables"),
    "a member of variables": _without_child("1", "variables"),
    "__call__": _without_child("__call__"),
}


def _asset(model: Path) -> None:
    (model / "assets" / "vocabulary.txt").write_text("cat\t3\ndog\t4\nowl\t6\n")


def _extra(model: Path) -> None:
    (model / "assets.extra" / "notes.txt").write_text("Kept\n")


def _weight(name: str) -> Callable[[Path], None]:
    """Change the lowest bit of the last byte of a stored tensor, with a checksum that fits."""

    def change(model: Path) -> None:
        prefix = model / "variables" / "variables"
        index = read_index(prefix)
        key = next(key for key in sorted(index.entries) if key.startswith(name.encode()))
        entry = index.entries[key]
        shard = shard_path(prefix, entry.shard_id, index.shard_count)
        content = bytearray(shard.read_bytes())
        content[entry.offset + entry.size - 1] ^= 1
        entry.crc32c = _masked(crc32c(bytes(content[entry.offset : entry.offset + entry.size])))
        shard.write_bytes(content)
        write_index(index, prefix)

    return change


def _masked(checksum: int) -> int:
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _stored_swapped(model: Path) -> None:
    """Give two variables that no signature uses each other's stored value."""
    prefix = model / "variables" / "variables"
    index = read_index(prefix)
    names = list(_variable_names(model))
    first, second = (f"variables/{names.index(name)}/".encode() for name in ("unused_0", "unused_1"))
    one, two = (next(key for key in index.entries if key.startswith(start)) for start in (first, second))
    entries = {**index.entries, one: index.entries[two], two: index.entries[one]}
    write_index(BundleIndex(entries, index.shard_count), prefix)


def _variable_names(model: Path) -> Iterator[str]:
    (graph,) = read_saved_model(model).meta_graphs
    nodes = graph.object_graph_def.nodes
    root = {child.local_name: child.node_id for child in nodes[0].children}
    for child in sorted(nodes[root["variables"]].children, key=lambda child: int(child.local_name)):
        yield nodes[child.node_id].variable.name


_IN_FILES: dict[str, Callable[[Path], None]] = {
    "a byte of an asset": _asset,
    "a byte of assets.extra": _extra,
    "an element of a weight": _weight("variables/0/"),
    "two stored variables swapped that nothing uses": _stored_swapped,
}
_FILE_INIT = "text_file_init/InitializeTableFromTextFileV2"
_INT64 = tf.int64.as_datatype_enum
_SIZE = "hash_table_Size/LookupTableSizeV2"
_OTHERS: dict[str, dict[str, Change]] = {
    "cond_v1": {
        "a constant in a branch, in the Session": _at(SESSION, "cond/sub/y", _constant(2.0)),
        "a constant in a branch, in the functions": _at(FUNCTIONS, "cond/sub/y", _constant(2.0)),
        "the order of the branches": _at(SESSION, "cond/Merge", _inputs_swapped(0, 1)),
        "the side of a switch": _at(FUNCTIONS, "cond/mul_1", _input(0, "legacy/cond/mul_1/Switch:output_true:0")),
    },
    "while_v1": {
        "a constant in a loop, in the Session": _first_constant_of_loop(SESSION),
        "a constant in a loop, in the functions": _first_constant_of_loop(FUNCTIONS),
    },
    "control_flow_v2": {
        "a constant in a function of a loop": _in_a_function("Const", _spoilt),
    },
    "defun": {
        "a constant in a function": _at(FUNCTIONS, "truediv/y", _constant(3.0)),
        "an op in a function": _at(FUNCTIONS, "add_0", _op("Sub")),
    },
    "partitioned_axis0": {
        "where a part begins, in the Session": _part(SESSION),
        "where a part begins, in the functions": _part(FUNCTIONS),
        "the order of the parts": _at(FUNCTIONS, "parts/vector/ConcatPartitions/concat", _inputs_swapped(0, 1)),
    },
    "tensor_table": {
        "a key": _at(FUNCTIONS, "Const_1", lambda node: _spoilt(node) if node.attr["dtype"].type == _INT64 else None),
        "a value": _at(FUNCTIONS, "Const_2", _constant(["ten", "twent"])),
        "the order of the values": _at(FUNCTIONS, "Const_2", _constant(["twenty", "ten"])),
        "the table that is asked, in the Session": _at(SESSION, _SIZE, _input(0, "HashTableV2_1")),
        "the table that is asked, in the functions": _at(FUNCTIONS, _SIZE, _input(0, "unknown")),
    },
    "vocab_with_columns": {
        "the column of the keys": _at(FUNCTIONS, _FILE_INIT, _next_column("key_index")),
        "the column of the values": _at(FUNCTIONS, _FILE_INIT, _next_column("value_index")),
        "the delimiter": _at(FUNCTIONS, _FILE_INIT, _attribute("delimiter", "s", b";")),
    },
    "mutable_dense_hash_table": {
        "the empty key, in the Session": _at(SESSION, "dense", _inputs_swapped(0, 1)),
        "the empty key, in the functions": _at(FUNCTIONS, "dense", _inputs_swapped(0, 1)),
    },
    "scatter_counter": {
        "subtracted for added, in the Session": _at(SESSION, "ScatterAdd/write", _op("ResourceScatterSub")),
        "subtracted for added, in the functions": _at(FUNCTIONS, "ScatterAdd/write", _op("ResourceScatterSub")),
        "what an update takes": _at(FUNCTIONS, "ScatterUpdate/write", _input(2, "legacy/ToFloat:y:0")),
    },
}
MODELS = ("rich", *_OTHERS, "mutable_hash_table")


def _noticed(old: Path, new: Path, way: Way) -> bool:
    from migrate.verify import prove

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(new, copy)
        if way.change:
            saved_model = read_saved_model(copy)
            way.change(saved_model.meta_graphs[0])
            (copy / "saved_model.pb").write_bytes(saved_model.SerializeToString())
        if way.files:
            way.files(copy)
        return prove(old, copy).different


def main() -> int:
    """Try every way and print those that pass unnoticed."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    unnoticed = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        models = {name: make_model(name, _made(Path(folder) / name)) for name in MODELS}
        for way in ways():
            tried += 1
            try:
                found = "noticed" if _noticed(*models[way.model], way) else "UNNOTICED"
            except Exception as error:  # a proof that dies is no proof that tells
                found = f"UNNOTICED: it dies of {type(error).__name__}: {error}"
            unnoticed += found != "noticed"
            print(f"{way.model}: {way.name}: {found}", flush=True)
    print(f"{tried} ways, {tried - unnoticed} noticed")
    return 1 if unnoticed else 0


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
