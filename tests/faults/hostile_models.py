"""Models that do something that nobody asked for when they are restored, loaded, called or only read.

A new one is a function of a few lines with `@hostile`: it gets the graph's tensor `y`, and a `Canary` that makes ops
which leave a file behind; it returns the tensor that the signature gives, and may change the protos afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import function as framework_function

from migrate.legacy.saved_model import read_saved_model
from tests.verify.tiny_models import PREDICT, signature_def, v1

raw = tf.raw_ops


@dataclass(slots=True)
class Canary:
    """What one model leaves behind when it is executed: a file in `folder`.

    Attributes:
        main_op: run when the model is loaded, where the model sets it.
        assets: whether the model keeps its collected assets.
        edits: changes of the MetaGraphDef and of the model's folder, once it is written.
    """

    name: str
    folder: Path
    main_op: Any = None
    legacy_init_op: Any = None
    edits: list[Callable[[Any, Path], None]] = field(default_factory=list)

    @property
    def file(self) -> str:
        """The file that must never be there."""
        return str(self.folder / self.name)

    @property
    def url(self) -> str:
        """The same as a URL, as printing and debugging ops take it."""
        return f"file://{self.file}"

    def write(self, name: str | None = None) -> Any:
        """Return an op that writes the file."""
        return tf.io.write_file(self.file, "written", name=name)

    def after(self, op: Any, tensor: Any) -> Any:
        """Return `tensor` once `op` has run."""
        with tf.control_dependencies([op]):
            return tf.identity(tensor)

    def edit(self, change: Callable[[Any, Path], None]) -> None:
        """Change the MetaGraphDef once the model is written."""
        self.edits.append(change)


Build = Callable[[Any, Canary], Any]
HOSTILE: dict[str, tuple[Build, str]] = {}
"""By name: what builds the model, and the op by which it must be refused."""
HARMLESS: dict[str, Build] = {}
"""Models that look alike and must go through."""


def hostile(op: str) -> Callable[[Build], Build]:
    """Register a model that is refused because of `op`."""

    def register(build: Build) -> Build:
        HOSTILE[build.__name__] = (build, op)
        return build

    return register


def harmless(build: Build) -> Build:
    """Register a model that is rewrapped."""
    HARMLESS[build.__name__] = build
    return build


def write_model(name: str, build: Build, path: Path, canary_folder: Path) -> None:
    """Write the model; what it would do is not done while it is made."""
    canary = Canary(name, canary_folder)
    with tf.Graph().as_default(), control_flow("v2" if name.endswith("_v2") else "v1"):
        x = v1.placeholder(tf.float32, [None, 3], name="x")
        weights = v1.get_variable("w", [3, 2], initializer=v1.ones_initializer(), use_resource=False)
        y = tf.identity(build(tf.identity(tf.matmul(x, weights), name="product"), canary), name="y")
        with v1.Session() as session:
            session.run(weights.initializer)
            builder = v1.saved_model.Builder(str(path))
            builder.add_meta_graph_and_variables(
                session,
                ["serve"],
                {"serving_default": signature_def({"x": x}, {"y": y}, PREDICT)},
                assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
                main_op=canary.main_op,
                legacy_init_op=canary.legacy_init_op,
            )
            builder.save()
    proto = read_saved_model(path)
    for change in canary.edits:
        change(proto.meta_graphs[0], path)
    (path / "saved_model.pb").write_bytes(proto.SerializeToString())


@contextmanager
def control_flow(version: str) -> Iterator[None]:
    """Build `cond` and `while_loop` as functions (v2) or as nodes (v1)."""
    before = v1.control_flow_v2_enabled()
    (v1.enable_control_flow_v2 if version == "v2" else v1.disable_control_flow_v2)()
    try:
        yield
    finally:
        (v1.enable_control_flow_v2 if before else v1.disable_control_flow_v2)()


def function(graph: Any, name: str) -> Any:
    """Return a FunctionDef of the library."""
    return next(each for each in graph.library.function if each.signature.name == name)


def node(graph: Any, name: str) -> Any:
    """Return a NodeDef of the graph."""
    return next(each for each in graph.node if each.name == name)


def defun(name: str, body: Callable[[Any], Any], gradient: Any = None) -> Any:
    """Return a function of one float tensor, as TensorFlow 1 stores it in the library."""
    options = {} if gradient is None else {"grad_func": gradient}
    return framework_function.Defun(tf.float32, func_name=name, **options)(body)


def printing(where: str) -> Any:
    return raw.PrintV2(input=tf.constant("written\n"), output_stream=where, end="")


# --- signatures


@hostile("WriteFile")
def signature(y: Any, canary: Canary) -> Any:
    return canary.after(canary.write(), y)


@hostile("WriteFile")
def in_function(y: Any, canary: Canary) -> Any:
    inner = defun("InnerF", lambda a: canary.after(canary.write(), a))
    return defun("OuterF", lambda a: tf.identity(inner(a)))(y)


@hostile("WriteFile")
def in_branch(y: Any, canary: Canary) -> Any:
    return tf.cond(tf.reduce_sum(y) > -1e30, lambda: canary.after(canary.write(), y), lambda: y)


@hostile("WriteFile")
def in_branch_v2(y: Any, canary: Canary) -> Any:
    return in_branch(y, canary)


@hostile("WriteFile")
def in_loop(y: Any, canary: Canary) -> Any:
    return tf.while_loop(lambda i, a: i < 2, lambda i, a: (i + 1, canary.after(canary.write(), a)), [0, y])[1]


@hostile("WriteFile")
def in_loop_v2(y: Any, canary: Canary) -> Any:
    return in_loop(y, canary)


@hostile("PrintV2")
def prints_to_file(y: Any, canary: Canary) -> Any:
    return canary.after(printing(canary.url), y)


@hostile("SaveV2")
def saves_checkpoint(y: Any, canary: Canary) -> Any:
    op = raw.SaveV2(prefix=canary.file, tensor_names=["a"], shape_and_slices=[""], tensors=[y])
    return canary.after(op, y)


@hostile("DebugIdentity")
def debug_url(y: Any, canary: Canary) -> Any:
    return raw.DebugIdentity(input=y, device_name="", tensor_name="y:0", debug_urls=[canary.url], gated_grpc=False)


@hostile("Abort")
def ends_the_process(y: Any, canary: Canary) -> Any:
    return canary.after(raw.Abort(error_msg="", exit_without_error=True), y)


@hostile("PyFunc")
def python(y: Any, canary: Canary) -> Any:
    return v1.py_func(lambda a: a, [y], tf.float32)


@hostile("WriteFile")
def default_of_an_input_left_out(y: Any, canary: Canary) -> Any:
    optional = v1.placeholder_with_default(canary.after(canary.write(), tf.constant(1.0)), [], name="scale")

    def change(meta_graph: Any, path: Path) -> None:
        info = meta_graph.signature_def["serving_default"].inputs["scale"]
        info.name, info.dtype = "scale:0", tf.float32.as_datatype_enum

    canary.edit(change)
    return y * optional


@hostile("WriteFile")
def behind_the_control_output_of_a_fed_node(y: Any, canary: Canary) -> Any:
    fed = tf.identity(canary.after(canary.write(), tf.constant([1.0])), name="fed")

    def change(meta_graph: Any, path: Path) -> None:
        info = meta_graph.signature_def["serving_default"].inputs["fed"]
        info.name, info.dtype = "fed:0", tf.float32.as_datatype_enum

    canary.edit(change)
    return canary.after(fed.op, y + fed)


# --- loading and restoring


@hostile("WriteFile")
def main_op(y: Any, canary: Canary) -> Any:
    canary.main_op = tf.group(canary.write())
    return y


@hostile("WriteFile")
def legacy_init_op(y: Any, canary: Canary) -> Any:
    canary.legacy_init_op = tf.group(canary.write())
    return y


@hostile("WriteFile")
def init_op_of_a_later_tensorflow(y: Any, canary: Canary) -> Any:
    canary.write("evil")

    def change(meta_graph: Any, path: Path) -> None:
        meta_graph.signature_def["__saved_model_init_op"].outputs["__saved_model_init_op"].name = "evil"

    canary.edit(change)
    return y


@hostile("WriteFile")
def second_init_op(y: Any, canary: Canary) -> Any:
    """The first collection wins in one loader, the second in another."""
    canary.main_op = tf.no_op()
    canary.write("evil")

    def change(meta_graph: Any, path: Path) -> None:
        meta_graph.collection_def["legacy_init_op"].node_list.value.append("evil")

    canary.edit(change)
    return y


@hostile("WriteFile")
def beside_a_table(y: Any, canary: Canary) -> Any:
    with tf.control_dependencies([canary.write()]):
        keys = tf.identity(tf.constant(["a"]))
    return y + lookup(y, tf.lookup.KeyValueTensorInitializer(keys, tf.constant([1], tf.int64)), canary)


@hostile("WriteFile")
def beside_a_table_that_the_loader_forgets(y: Any, canary: Canary) -> Any:
    result = beside_a_table(y, canary)
    canary.main_op = None
    return result


@hostile("WriteFile")
def behind_the_restore_op(y: Any, canary: Canary) -> Any:
    canary.write("evil")
    canary.edit(lambda meta_graph, path: _wait(meta_graph, meta_graph.saver_def.restore_op_name))
    return y


@hostile("WriteFile")
def behind_the_restored_tensors(y: Any, canary: Canary) -> Any:
    canary.write("evil")

    def change(meta_graph: Any, path: Path) -> None:
        for each in meta_graph.graph_def.node:
            if each.op == "RestoreV2":
                each.input.append("^evil")

    canary.edit(change)
    return y


@hostile("WriteFile")
def behind_a_variable(y: Any, canary: Canary) -> Any:
    canary.write("evil")
    raw.VarHandleOp(dtype=tf.float32, shape=[], name="unused")
    canary.edit(lambda meta_graph, path: _wait(meta_graph, "unused"))
    return y


@hostile("DebugIdentity")
def folded_while_the_graph_is_read(y: Any, canary: Canary) -> Any:
    """Nothing runs it, but a shape is made of it, which TensorFlow computes while it imports the graph."""
    shape = raw.DebugIdentity(
        input=tf.identity(tf.constant([2, 3])), device_name="", tensor_name="s:0", debug_urls=[], gated_grpc=False,
        name="shape",
    )  # fmt: skip
    tf.fill(shape, 1.0)

    def change(meta_graph: Any, path: Path) -> None:
        node(meta_graph.graph_def, "shape").attr["debug_urls"].list.s.append(canary.url.encode())

    canary.edit(change)
    return y


# --- functions that are not what they seem


@hostile("PrintV2")
def stream_given_by_the_caller(y: Any, canary: Canary) -> Any:
    """The attribute of the op in the function is a placeholder."""
    result = defun("PrintF", lambda a: canary.after(printing("stderr"), a))(y)

    def change(meta_graph: Any, path: Path) -> None:
        graph = meta_graph.graph_def
        _take_stream_from_caller(function(graph, "PrintF"))
        for each in graph.node:
            if each.op == "PrintF":
                each.attr["stream"].s = canary.url.encode()

    canary.edit(change)
    return result


@hostile("PrintV2")
def stream_given_through_a_call_op(y: Any, canary: Canary) -> Any:
    called = defun("CalledF", lambda a: canary.after(printing("stderr"), a))
    called.add_to_graph(v1.get_default_graph())

    def change(meta_graph: Any, path: Path) -> None:
        graph = meta_graph.graph_def
        _take_stream_from_caller(function(graph, "CalledF"))
        for each in graph.node:
            if each.op == "StatefulPartitionedCall":
                each.attr["f"].func.attr["stream"].s = canary.url.encode()

    canary.edit(change)
    return raw.StatefulPartitionedCall(args=[y], Tout=[tf.float32], f=called)[0]


@hostile("WriteFile")
def gradient_of_a_good_function(y: Any, canary: Canary) -> Any:
    def evil(a: Any, dy: Any) -> Any:
        return canary.after(canary.write(), dy)

    gradient = framework_function.Defun(tf.float32, tf.float32, func_name="EvilGradient")(evil)
    good = defun("GoodF", lambda a: tf.identity(a) * 2.0, gradient)
    return good(y) + raw.SymbolicGradient(input=[y, tf.ones_like(y)], Tout=[tf.float32], f=good)[0]


@hostile("WriteFile")
def function_that_implements_the_same(y: Any, canary: Canary) -> Any:
    """Grappler runs another function of the same interface than the one that is called."""
    good = defun("GoodImplementation", lambda a: a * 2.0)
    evil = defun("EvilImplementation", lambda a: canary.after(canary.write(), a * 2.0))
    evil.add_to_graph(v1.get_default_graph())

    def change(meta_graph: Any, path: Path) -> None:
        for name, device in (("GoodImplementation", b"GPU"), ("EvilImplementation", b"CPU")):
            attributes = function(meta_graph.graph_def, name).attr
            attributes["api_implements"].s = b"double"
            attributes["api_preferred_device"].s = device

    canary.edit(change)
    return good(y)


@hostile("WriteFile")
def branch_for_another_device(y: Any, canary: Canary) -> Any:
    """Which branch runs is told by an op of the same name in another function."""
    branches = []
    for name, body in (("OnCpu", lambda a: canary.after(canary.write(), a)), ("OnGpu", lambda a: a)):
        branch = defun(name, body)
        branch.add_to_graph(v1.get_default_graph())
        branches.append(branch)
    outer = defun("Chooses", lambda a: raw.Case(branch_index=0, input=[a], Tout=[tf.float32], branches=branches)[0])
    other = defun("Other", lambda a: a + tf.cast(raw.DeviceIndex(device_names=["GPU", "CPU"]), tf.float32) * 0.0)
    return outer(y) + other(y) * 0.0


# --- what is read


@hostile("ReadFile")
def reads_file(y: Any, canary: Canary) -> Any:
    return y + tf.cast(tf.strings.length(tf.io.read_file("/etc/passwd")), tf.float32)


@hostile("RestoreV2")
def reads_another_checkpoint(y: Any, canary: Canary) -> Any:
    read = raw.RestoreV2(prefix="/other/model", tensor_names=["w"], shape_and_slices=[""], dtypes=[tf.float32])
    return y + read[0][0]


@hostile("RestoreV2")
def restores_from_elsewhere(y: Any, canary: Canary) -> Any:
    def change(meta_graph: Any, path: Path) -> None:
        for each in meta_graph.graph_def.node:
            if each.op == "RestoreV2":
                each.input[0] = "elsewhere"

    tf.constant("/other/model/variables", name="elsewhere")
    canary.edit(change)
    return y


@hostile("InitializeTableFromTextFileV2")
def table_of_a_file_that_is_no_asset(y: Any, canary: Canary) -> Any:
    table = raw.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64, shared_name="table")
    canary.main_op = raw.InitializeTableFromTextFileV2(
        table_handle=table, filename="/etc/passwd", key_index=-2, value_index=-1
    )
    keys, default = tf.as_string(tf.reshape(y, [-1])), tf.constant(-1, tf.int64)
    found = raw.LookupTableFindV2(table_handle=table, keys=keys, default_value=default)
    return y + tf.cast(found[:1], tf.float32)


@hostile("InitializeTableFromTextFileV2")
def table_of_a_path_that_is_computed(y: Any, canary: Canary) -> Any:
    return y + lookup(y, lines_of(tf.strings.join(["/etc", "/passwd"])), canary)


@hostile("TextLineDataset")
def lines_of_a_dataset(y: Any, canary: Canary) -> Any:
    def lines() -> Any:
        return raw.TextLineDataset(filenames="/etc/passwd", compression_type="", buffer_size=0)

    factory = framework_function.Defun(func_name="Factory")(lines)
    iterator = raw.OneShotIterator(dataset_factory=factory, output_types=[tf.string], output_shapes=[[]])
    line = raw.IteratorGetNext(iterator=iterator, output_types=[tf.string], output_shapes=[[]])[0]
    return y + tf.cast(tf.strings.length(line), tf.float32)


# --- harmless, however they look


@harmless
def plain(y: Any, canary: Canary) -> Any:
    return y


@harmless
def prints_to_the_log(y: Any, canary: Canary) -> Any:
    return canary.after(printing("stderr"), y)


@harmless
def train_op_that_nobody_runs(y: Any, canary: Canary) -> Any:
    canary.write("evil")

    def change(meta_graph: Any, path: Path) -> None:
        meta_graph.signature_def["__saved_model_train_op"].outputs["__saved_model_train_op"].name = "evil"

    canary.edit(change)
    return y


@harmless
def summaries_of_the_training(y: Any, canary: Canary) -> Any:
    canary.after(canary.write(), y)
    return y


@harmless
def initializer_that_the_loader_does_not_run(y: Any, canary: Canary) -> Any:
    canary.write("evil")
    canary.edit(lambda meta_graph, path: _wait(meta_graph, "w/Assign"))
    return y


@harmless
def save_op_that_nobody_runs(y: Any, canary: Canary) -> Any:
    canary.write("evil")

    def change(meta_graph: Any, path: Path) -> None:
        for each in meta_graph.graph_def.node:
            if each.op == "SaveV2":
                each.input.append("^evil")

    canary.edit(change)
    return y


@harmless
def table_of_an_asset(y: Any, canary: Canary) -> Any:
    words = canary.folder.parent / "words.txt"
    words.write_text("a\nb\n")
    name = tf.constant(str(words))
    v1.add_to_collection(v1.GraphKeys.ASSET_FILEPATHS, name)
    return y + lookup(y, lines_of(name), canary)


@harmless
def table_of_constants(y: Any, canary: Canary) -> Any:
    return y + lookup(y, tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([1, 2], tf.int64)), canary)


@harmless
def functions_that_nobody_calls(y: Any, canary: Canary) -> Any:
    defun("Unused", lambda a: canary.after(canary.write(), a)).add_to_graph(v1.get_default_graph())
    return defun("Used", lambda a: a * 2.0)(y)


@harmless
def loop_over_functions_v2(y: Any, canary: Canary) -> Any:
    return tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * 2.0), [0, y])[1]


def lines_of(file_name: Any) -> Any:
    """Return an initialiser that reads the lines of a text file."""
    index = tf.lookup.TextFileIndex
    return tf.lookup.TextFileInitializer(file_name, tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER)


def lookup(y: Any, initializer: Any, canary: Canary) -> Any:
    """Return a number that a table gives; the table is filled when the model is loaded."""
    table = tf.lookup.StaticHashTable(initializer, -1)
    canary.main_op = v1.tables_initializer()
    return tf.cast(table.lookup(tf.as_string(tf.reshape(y, [-1])))[:1], tf.float32)


def _wait(meta_graph: Any, name: str) -> None:
    node(meta_graph.graph_def, name.partition(":")[0]).input.append("^evil")


def _take_stream_from_caller(body: Any) -> None:
    body.signature.attr.add(name="stream", type="string")
    for each in body.node_def:
        if each.op == "PrintV2":
            each.attr["output_stream"].Clear()
            each.attr["output_stream"].placeholder = "stream"
