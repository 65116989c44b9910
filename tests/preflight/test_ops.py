"""Ops that make a model impossible or unsafe to rewrap, and the many that do not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from migrate.errors import UnreadableModelError
from migrate.preflight.allowed_ops import EVERY_OP, NO_OPS, AllowedOps
from migrate.preflight.effects import check_run
from migrate.preflight.ops import check_ops, load_op_libraries
from migrate.preflight.problem import Problem, ProblemKind
from migrate.preflight.runs import run_of_fetches
from migrate.tensorflow_private.op_defs import op_def

DT = tf.dtypes


def node(op: str, name: str = "n", inputs: Iterable[str] = (), **attributes: Any) -> Any:
    result = tf.compat.v1.NodeDef(name=name, op=op, input=list(inputs))
    for key, value in attributes.items():
        if isinstance(value, DT.DType):
            result.attr[key].type = value.as_datatype_enum
        elif isinstance(value, bytes):
            result.attr[key].s = value
        elif isinstance(value, list):
            result.attr[key].list.s.extend(value)
        else:
            result.attr[key].func.name = value
    return result


def library(**functions: list[Any]) -> Any:
    result = tf.compat.v1.GraphDef().library
    for name, nodes in functions.items():
        function = result.function.add()
        function.signature.name = name
        function.node_def.extend(nodes)
    return result


def check(*nodes: Any, functions: Any = None, allowed: AllowedOps = NO_OPS) -> tuple[Problem, ...]:
    """What stands against running these nodes, all of them."""
    graph = tf.compat.v1.GraphDef(node=nodes, library=library() if functions is None else functions)
    everything = run_of_fetches((), tuple(each.name for each in nodes), frozenset())
    return (*check_run(graph, everything, allowed), *check_ops(nodes, graph.library))


@pytest.mark.parametrize(
    "fine",
    [
        node("MatMul", T=tf.float32),
        node("VariableV2", dtype=tf.float32),
        node("Assign", T=tf.float32),
        node("NoOp"),
        node("IdentityN"),
        node("Switch", T=tf.float32),
        node("NextIteration", T=tf.float32),
        node("Assert"),
        node("AccumulateNV2", T=tf.float32),
        node("HashTableV2", key_dtype=tf.string, value_dtype=tf.int64),
        node("PrintV2", output_stream=b"stderr"),
        node("DecodeProtoV2", descriptor_source=b"local://"),
        node("DecodeProtoV2"),
        node("FixedUnigramCandidateSampler", vocab_file=b""),
        node("DebugIdentity", T=tf.float32),
        node("TensorSliceDataset"),
        node("OneShotIterator"),
        node("Placeholder", dtype=tf.float32),
        node("_Retval", T=tf.float32),
    ],
    ids=lambda one: one.op,
)
def test_ops_that_are_fine(fine: Any) -> None:
    assert check(fine) == ()


@pytest.mark.parametrize(
    ("bad", "kind", "words"),
    [
        (node("ZeroOut"), ProblemKind.UNKNOWN_OP, "--load-op-library"),
        (node("SimpleMLCreateModelResource"), ProblemKind.UNKNOWN_OP, "tensorflow-decision-forests"),
        (node("SentencepieceTokenizeOp"), ProblemKind.UNKNOWN_OP, "tensorflow-text"),
        (node("WordpieceTokenizeWithOffsets"), ProblemKind.UNKNOWN_OP, "tensorflow-text"),
        (node("TFText>NgramsStringJoin"), ProblemKind.UNKNOWN_OP, "tensorflow-text"),
        (node("SentencepieceEncodeSparse"), ProblemKind.UNKNOWN_OP, "tf-sentencepiece"),
        # TensorFlow 2.15 knows the op, and has a kernel for GPUs only.
        (node("TRTEngineOp"), ProblemKind.UNKNOWN_OP, "before the TensorRT conversion")
        if op_def("TRTEngineOp") is None
        else (node("TRTEngineOp"), ProblemKind.NO_CPU_KERNEL, "TRTEngineOp"),
        (node("IO>KafkaDataset"), ProblemKind.UNKNOWN_OP, "tensorflow-io"),
        (node("Addons>Resampler"), ProblemKind.UNKNOWN_OP, "tensorflow-addons"),
        (node("HorovodAllreduce"), ProblemKind.UNKNOWN_OP, "horovod"),
        (node("Resampler"), ProblemKind.UNKNOWN_OP, "tf.contrib.resampler"),
        (node("BucketizeWithInputBoundaries"), ProblemKind.UNKNOWN_OP, "tf.contrib.boosted_trees"),
        (node("CompareAndBitpack"), ProblemKind.UNKNOWN_OP, "which later versions removed")
        if op_def("CompareAndBitpack") is None
        else (node("TryRpc"), ProblemKind.UNKNOWN_OP, "which later versions removed"),
        (node("CudnnRNN", T=tf.float32), ProblemKind.NO_CPU_KERNEL, "CudnnCompatible"),
        (node("BoostedTreesPredict"), ProblemKind.NO_CPU_KERNEL, "dropped boosted trees"),
        (node("TPUReplicateMetadata"), ProblemKind.NO_CPU_KERNEL, "exported for CPU"),
        (node("NcclAllReduce", T=tf.float32), ProblemKind.NO_CPU_KERNEL, "multi-GPU"),
        (node("MatMul", T=tf.string), ProblemKind.NO_CPU_KERNEL, "for T=DT_STRING"),
        (node("PyFunc"), ProblemKind.PYTHON, "not stored in the model"),
        (node("EagerPyFunc"), ProblemKind.PYTHON, "not stored in the model"),
        (node("PyFuncStateless"), ProblemKind.PYTHON, "not stored in the model"),
        (node("ReadFile"), ProblemKind.FILES, "reads files"),
        (node("WriteFile"), ProblemKind.FILES, "writes files"),
        (node("SaveV2"), ProblemKind.FILES, "writes a checkpoint"),
        (node("TFRecordDatasetV2"), ProblemKind.FILES, "reads files"),
        (node("WriteScalarSummary", T=tf.float32), ProblemKind.FILES, "event files"),
        (node("PrintV2", output_stream=b"file:///etc/motd"), ProblemKind.FILES, "prints to a file"),
        (node("DecodeProtoV2", descriptor_source=b"/tmp/d.pb"), ProblemKind.FILES, "proto descriptors"),
        (node("FixedUnigramCandidateSampler", vocab_file=b"/v"), ProblemKind.FILES, "vocabulary file"),
        (node("DebugIdentity", T=tf.float32, debug_urls=[b"grpc://x"]), ProblemKind.FILES, "debug URLs"),
        (node("RpcClient"), ProblemKind.NETWORK, "talks to a server"),
        (node("_Recv"), ProblemKind.NETWORK, "another device or machine"),
        (node("CollectiveReduceV2", T=tf.float32), ProblemKind.NETWORK, "another device or machine"),
        (node("DatasetFromGraph"), ProblemKind.HIDDEN_GRAPH, "cannot be checked"),
        (node("Abort"), ProblemKind.PROCESS, "ends the process"),
        (node("InitializeTableFromTextFileV2"), ProblemKind.FILES, "fills a table from a file"),
    ],
    ids=lambda one: one.op if hasattr(one, "op") else None,
)
def test_ops_that_are_named(bad: Any, kind: ProblemKind, words: str) -> None:
    (problem,) = (one for one in check(bad) if one.kind is kind)
    assert (problem.op, problem.node) == (bad.op, "n")
    assert words in problem.message
    assert problem.message.endswith("(node n).")


def test_files_and_network_can_be_allowed_python_and_unknown_ops_cannot() -> None:
    ops = ("ReadFile", "RpcClient", "DatasetFromGraph", "PyFunc", "ZeroOut")
    nodes = [node(op, name=op) for op in ops]
    assert [problem.op for problem in check(*nodes, allowed=EVERY_OP)] == ["PyFunc", "ZeroOut"]
    by_name = AllowedOps(frozenset({"ReadFile", "PyFunc"}))
    assert [problem.op for problem in check(node("ReadFile"), node("PyFunc", "p"), allowed=by_name)] == ["PyFunc"]


def test_one_problem_for_all_nodes_of_an_op() -> None:
    (problem,) = check(node("ZeroOut", "a"), node("ZeroOut", "b"), node("ZeroOut", "c"))
    assert problem.node == "a"
    assert "(node a and 2 more)" in problem.message


def test_functions_are_followed_wherever_they_are_named() -> None:
    functions = library(
        outer=[node("PartitionedCall", "call", f="inner")], inner=[node("PyFunc", "p"), node("inner", "self")]
    )
    (problem,) = check(node("While", cond="outer", body="outer"), functions=functions)
    assert problem.node == "p in function inner"
    (by_name,) = check(node("inner"), functions=functions)
    assert by_name.op == "PyFunc"


def test_functions_that_nothing_calls_do_not_matter() -> None:
    assert check(node("NoOp"), functions=library(unused=[node("PyFunc")])) == ()


def test_a_function_that_is_not_in_the_model() -> None:
    (problem,) = check(node("PartitionedCall", f="gone"))
    assert problem.kind is ProblemKind.MISSING_FUNCTION
    assert "'gone'" in problem.message


def test_dtypes_that_a_function_learns_from_its_caller_are_not_judged() -> None:
    generic = node("MatMul")
    generic.attr["T"].placeholder = "T"
    assert check(node("f"), functions=library(f=[generic])) == ()


def test_of_bodies_per_device_only_the_one_for_cpu_counts() -> None:
    index = node("DeviceIndex", "index", device_names=[b"CPU", b"GPU"])
    case = node("Case", "case", inputs=["index"])
    for name in ("on_cpu", "on_gpu"):
        case.attr["branches"].list.func.add().name = name
    functions = library(on_cpu=[node("NoOp")], on_gpu=[node("CudnnRNN", T=tf.float32)])
    assert check(index, case, functions=functions) == ()
    assert [problem.op for problem in check(node("NoOp", "index"), case, functions=functions)] == ["CudnnRNN"]


def test_an_op_library_that_cannot_be_loaded(tmp_path: Path) -> None:
    (tmp_path / "ops.so").write_bytes(b"not a library")
    with pytest.raises(UnreadableModelError, match=r"ops\.so cannot be loaded into TensorFlow"):
        load_op_libraries([tmp_path / "ops.so"])
    with pytest.raises(UnreadableModelError, match=r"gone\.so"):
        load_op_libraries([tmp_path / "gone.so"])


@pytest.mark.parametrize(("op", "version"), [("TensorArrayV2", 26), ("AdjustContrast", 2), ("TextLineReader", 26)])
def test_an_op_that_only_old_graphs_may_hold(op: str, version: int) -> None:
    (problem,) = check(node(op), allowed=EVERY_OP)
    assert (problem.kind, problem.op) == (ProblemKind.UNKNOWN_OP, op)
    assert f"runs the op {op} in graphs of GraphDef versions before {version} only" in problem.message
