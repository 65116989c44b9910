"""The list of judged ops: whole, in order, cautious where an op tells of an effect, and open to ordinary models."""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from tensorflow.core.framework import op_def_pb2

from migrate.preflight.judged_ops import Judgement, effect_of, judged_ops, judgement_of, path_inputs
from migrate.preflight.side_effects import SIDE_EFFECTS
from migrate.tensorflow_private.op_defs import op_def, registered_ops
from tests import ops_review

LINES = files("migrate.preflight").joinpath("judged_ops.txt").read_text(encoding="utf-8").splitlines()

# Ops whose names tell of an effect, and which have none: reviewed one by one.
NAMED_LIKE_AN_EFFECT = (
    # They pass on what a reader has read: the ops that open its files are those that make the reader.
    "IdentityReader IdentityReaderV2 ReaderNumRecordsProduced ReaderNumRecordsProducedV2 ReaderNumWorkUnitsCompleted "
    "ReaderNumWorkUnitsCompletedV2 ReaderRead ReaderReadUpTo ReaderReadUpToV2 ReaderReadV2 ReaderReset ReaderResetV2 "
    "ReaderRestoreState ReaderRestoreStateV2 ReaderSerializeState ReaderSerializeStateV2 "
    # Variables, tables, arrays and caches in memory; strings that look like names of files.
    "ReadVariableOp ReadVariableXlaSplitND _ReadVariablesOp DisableCopyOnRead RngReadAndSkip BarrierReadySize "
    "TensorArrayRead TensorArrayReadV2 TensorArrayReadV3 TensorArrayWrite TensorArrayWriteV2 TensorArrayWriteV3 "
    "LookupTableExport LookupTableExportV2 LookupTableImport LookupTableImportV2 Snapshot DecodeCSV "
    "AnonymousMemoryCache DeleteMemoryCache DummyMemoryCache ShardedFilename ShardedFilespec "
    # Summaries as strings, and handles; statistics in memory; the log.
    "AudioSummary AudioSummaryV2 HistogramSummary ImageSummary MergeSummary ScalarSummary TensorSummary "
    "TensorSummaryV2 SummaryWriter StatsAggregatorSummary ExperimentalStatsAggregatorSummary CustomAggregator "
    "BoostedTreesMakeStatsSummary BoostedTreesExampleDebugOutputs Print "
    # Debug ops without URLs.
    "CopyHost DebugGradientIdentity DebugGradientRefIdentity DebugNumericSummaryV2 "
    # Between the host and the GPUs of one process.
    "HostConst _HostCast _CopyFromGpuToHost _CopyFromHostToGpu NcclAllReduce NcclBroadcast NcclReduce "
    "_NcclBroadcastRecv _NcclBroadcastSend _NcclReduceRecv _NcclReduceSend DataFormatVecPermute "
    # Markers that are rewritten before anything runs, and computations; what they call stands in their attributes.
    "TPUAnnotateTensorsWithDynamicShape TPUCompilationResult TPUCopyWithDynamicShape TPUDummyInput "
    "TPUEmbeddingActivations TPUPartitionedInput TPUPartitionedInputV2 TPUPartitionedOutput TPUPartitionedOutputV2 "
    "TPUReplicateMetadata TPUReplicatedInput TPUReplicatedOutput CreateTRTResourceHandle XlaLaunch XlaLaunchV2 "
    "XlaSparseDenseMatmulCustomCombinerOnTcGradWithAdagradAndCsrInput "
    "XlaSparseDenseMatmulCustomCombinerOnTcGradWithAdagradMomentumAndCsrInput "
    "XlaSparseDenseMatmulCustomCombinerOnTcGradWithAdamAndCsrInput "
    "XlaSparseDenseMatmulCustomCombinerOnTcGradWithCsrInput "
    "XlaSparseDenseMatmulCustomCombinerOnTcGradWithFtrlAndCsrInput "
    "XlaSparseDenseMatmulCustomCombinerOnTcGradWithSgdAndCsrInput "
    "XlaSparseDenseMatmulCustomCombinerOnTcWithCsrInput"
)

# Names of files that are only built, names of gradients and counters, and records, options and settings that are read
# for what they say: none names a file, an address or a program.
WITH_ARGUMENTS_LIKE_AN_EFFECT = (
    "ShardedFilename ShardedFilespec TensorArrayGrad TensorArrayGradV2 TensorArrayGradV3 TensorArrayGradWithShape "
    "SetStatsAggregatorDataset ExperimentalSetStatsAggregatorDataset TPUReplicateMetadata DeserializeManySparse "
    "ParseExample ParseExampleV2 ParseSingleExample ParseSequenceExample ParseSequenceExampleV2 "
    "ParseSingleSequenceExample ParseTensor DecodeJSONExample BoostedTreesCreateEnsemble "
    "BoostedTreesDeserializeEnsemble OptionsDataset TensorSummaryV2 PartitionedCall StatefulPartitionedCall"
)

# They call functions, which may run elsewhere only where a cluster was configured for the process.
DISTRIBUTED = {"Batch", "BatchFunction", "StatefulPartitionedCall"}

TELLING_ARGUMENTS = (
    "file filename filenames path url urls uri address server host port dir region source target basename prefix "
    "module program graph mlir json serialized proto executor library driver query request"
)


def pure_ops() -> set[str]:
    return {op for op, judged in judged_ops().items() if judged.judgement is Judgement.PURE}


def telling_arguments(op: Any) -> list[str]:
    words = set(TELLING_ARGUMENTS.split())
    strings = [one.name for one in op.attr if one.type in ("string", "list(string)")]
    strings += [one.name for one in op.input_arg if one.type == tf.string.as_datatype_enum]
    return [name for name in strings if not words.isdisjoint(name.split("_"))]


def node(op: str, **attributes: bytes | list[bytes]) -> Any:
    result = tf.compat.v1.NodeDef(name="n", op=op)
    for key, value in attributes.items():
        if isinstance(value, bytes):
            result.attr[key].s = value
        else:
            result.attr[key].list.SetInParent()
            result.attr[key].list.s.extend(value)
    return result


def placeholder(op: str, attribute: str) -> Any:
    """A node of a function whose attribute is given by whoever calls the function."""
    result = node(op)
    result.attr[attribute].placeholder = "given_by_the_caller"
    return result


def test_every_op_of_this_tensorflow_is_judged() -> None:
    """To repair: `python -m tests.ops_review`, review, and put the lines into `judged_ops.txt`."""
    assert ops_review.unjudged(registered_ops()) == []


def test_the_list_is_sorted_and_judges_each_op_once() -> None:
    names = [line.split("\t")[0] for line in LINES]
    assert names == sorted(set(names))
    assert len(names) == len(judged_ops()) > 1_900


def test_each_judgement_is_a_word_of_the_list_and_has_words_for_the_user() -> None:
    assert {line.split("\t")[1] for line in LINES} == {judgement.value for judgement in Judgement}
    assert set(SIDE_EFFECTS) == set(Judgement) - {Judgement.PURE}


def test_ops_named_like_an_effect_are_pure_only_after_a_review() -> None:
    assert {op for op in pure_ops() if ops_review.proposal(op) is not None} == set(NAMED_LIKE_AN_EFFECT.split())


def test_ops_that_take_a_path_or_an_address_are_pure_only_after_a_review() -> None:
    registered = {op.name for op in registered_ops() if telling_arguments(op)}
    assert registered & pure_ops() <= set(WITH_ARGUMENTS_LIKE_AN_EFFECT.split())
    assert len(registered) > 30


def test_ops_that_may_talk_to_other_tasks_are_pure_only_after_a_review() -> None:
    registered = {op.name for op in registered_ops() if op.is_distributed_communication}
    assert registered & pure_ops() <= DISTRIBUTED
    assert len(registered) > 10


def test_inputs_that_carry_paths_are_where_the_list_says() -> None:
    found = 0
    for op, judged in judged_ops().items():
        definition = op_def(op)
        if definition is None:
            continue
        for path in judged.path_inputs:
            found += 1
            argument = definition.input_arg[path.index]
            assert (argument.name, argument.type) == (path.name, tf.string.as_datatype_enum), op
            before = definition.input_arg[: path.index]
            assert not any(one.number_attr or one.type_list_attr for one in before), op
    assert found > 20
    assert [(path.name, path.index) for path in path_inputs("InitializeTableFromTextFileV2")] == [("filename", 1)]
    assert path_inputs("MatMul") == path_inputs("NobodyKnowsThisOp") == ()


@pytest.mark.parametrize(
    "harmless",
    [
        *(node("PrintV2", output_stream=where) for where in (b"stderr", b"stdout", b"log(info)", b"log(error)")),
        node("PrintV2"),
        node("FixedUnigramCandidateSampler", vocab_file=b""),
        node("FixedUnigramCandidateSampler"),
        node("DecodeProtoV2", descriptor_source=b"local://"),
        node("DecodeProtoV2", descriptor_source=b"bytes://\x0a\x02"),
        node("DecodeProtoV2", descriptor_source=b""),
        node("EncodeProto"),
        node("DebugIdentity", debug_urls=[]),
        node("DebugIdentityV2"),
        node("DebugNumericSummary", debug_urls=[]),
    ],
    ids=str,
)
def test_attributes_that_are_harmless(harmless: Any) -> None:
    assert effect_of(harmless) is Judgement.PURE


@pytest.mark.parametrize(
    ("harmful", "effect"),
    [
        (node("PrintV2", output_stream=b"file:///etc/motd"), Judgement.PRINTS_TO_FILE),
        (node("PrintV2", output_stream=b"stderr2"), Judgement.PRINTS_TO_FILE),
        (node("PrintV2", output_stream=[b"stderr"]), Judgement.PRINTS_TO_FILE),
        (placeholder("PrintV2", "output_stream"), Judgement.PRINTS_TO_FILE),
        (node("FixedUnigramCandidateSampler", vocab_file=b"/etc/passwd"), Judgement.READS_VOCABULARY),
        (placeholder("FixedUnigramCandidateSampler", "vocab_file"), Judgement.READS_VOCABULARY),
        (node("DecodeProtoV2", descriptor_source=b"local:///tmp/d.pb"), Judgement.READS_DESCRIPTORS),
        (node("DecodeProtoV2", descriptor_source=b"/tmp/bytes://"), Judgement.READS_DESCRIPTORS),
        (placeholder("EncodeProto", "descriptor_source"), Judgement.READS_DESCRIPTORS),
        (node("DebugIdentity", debug_urls=[b"file:///tmp/x"]), Judgement.SENDS_DEBUG),
        (node("DebugIdentityV2", debug_urls=[b""]), Judgement.SENDS_DEBUG),
        (node("DebugIdentityV3", debug_urls=b"grpc://x"), Judgement.SENDS_DEBUG),
        (placeholder("DebugNanCount", "debug_urls"), Judgement.SENDS_DEBUG),
        # A value of a harmless attribute does not help where the effect has nothing to do with it.
        (node("WriteFile", output_stream=b"stderr", debug_urls=[]), Judgement.WRITES_FILES),
        (node("ImmutableConst", memory_region_name=b""), Judgement.READS_FILES),
    ],
    ids=str,
)
def test_attributes_that_are_not(harmful: Any, effect: Judgement) -> None:
    assert effect_of(harmful) is effect
    assert effect in SIDE_EFFECTS


def test_attributes_that_make_an_op_harmful_are_harmless_by_default() -> None:
    """What a node leaves out TensorFlow fills in, in whatever version runs it."""
    attributes = {
        "PrintV2": "output_stream", "FixedUnigramCandidateSampler": "vocab_file", "DecodeProtoV2": "descriptor_source",
        "EncodeProto": "descriptor_source", "DebugIdentity": "debug_urls", "DebugIdentityV2": "debug_urls",
        "DebugIdentityV3": "debug_urls", "DebugNanCount": "debug_urls", "DebugNumericSummary": "debug_urls",
    }  # fmt: skip
    for op, attribute in attributes.items():
        (definition,) = (one for one in op_def(op).attr if one.name == attribute)  # type: ignore[union-attr]
        spelled_out = node(op)
        spelled_out.attr[attribute].CopyFrom(definition.default_value)
        assert definition.HasField("default_value"), op
        assert effect_of(spelled_out) is Judgement.PURE, op
    by_attribute = (
        Judgement.PRINTS_TO_FILE, Judgement.READS_VOCABULARY, Judgement.READS_DESCRIPTORS, Judgement.SENDS_DEBUG,
    )  # fmt: skip
    assert set(attributes) == {op for op, judged in judged_ops().items() if judged.judgement in by_attribute}


@pytest.mark.parametrize(
    ("what", "ops"),
    [
        ("variables", "VariableV2 Assign VarHandleOp ReadVariableOp AssignVariableOp ResourceGather ScatterUpdate"),
        ("control flow", "Switch Merge Enter Exit NextIteration LoopCond If While Case StatelessWhile Assert NoOp"),
        ("functions", "PartitionedCall StatefulPartitionedCall SymbolicGradient BatchFunction MapDefun _Arg _Retval"),
        ("tables", "HashTableV2 LookupTableFindV2 InitializeTableV2 MutableHashTableV2 AnonymousHashTable"),
        ("images", "DecodeJpeg DecodePng DecodeImage EncodeJpeg ResizeBilinear CropAndResize NonMaxSuppressionV5"),
        ("strings", "StringSplitV2 RegexReplace StaticRegexReplace StringJoin UnicodeDecode StringToHashBucketFast"),
        ("parsing", "ParseExample ParseExampleV2 ParseSequenceExampleV2 DecodeRaw DecodeCSV ParseTensor"),
        ("sparse and ragged", "SparseTensorDenseMatMul SparseReshape RaggedTensorToTensor RaggedGather"),
        ("sound", "DecodeWav AudioSpectrogram Mfcc CTCBeamSearchDecoder CTCGreedyDecoder"),
        ("recurrent cells", "LSTMBlockCell BlockLSTM GRUBlockCell CudnnRNN TensorArrayV3 TensorListStack StackPushV2"),
        ("numbers", "MatMul FusedBatchNormV3 _FusedMatMul _FusedConv2D QuantizedConv2D Einsum Svd Cholesky FFT"),
        ("random numbers", "RandomUniform StatelessRandomUniformV2 LogUniformCandidateSampler Multinomial"),
        ("trees", "BoostedTreesPredict BoostedTreesEnsembleResourceHandleOp TensorForestTreePredict"),
        ("queues", "FIFOQueueV2 QueueDequeueV2 RandomShuffleQueueV2 Barrier StageSize Unstage"),
        (
            "datasets in memory",
            "TensorSliceDataset MapDataset BatchDatasetV2 IteratorV2 IteratorGetNext OneShotIterator",
        ),
        ("what trainings leave", "ApplyAdam ScalarSummary MergeSummary ShardedFilename Print Timestamp SummaryWriter"),
    ],
    ids=lambda one: one if " " not in one or len(one) < 25 else "",
)
def test_ops_of_ordinary_models_are_pure(what: str, ops: str) -> None:
    assert {op for op in ops.split() if judgement_of(op) is not Judgement.PURE} == set(), what


@pytest.mark.parametrize(
    ("judgement", "ops"),
    [
        (Judgement.PYTHON, "PyFunc EagerPyFunc PyFuncStateless"),
        (Judgement.READS_FILES, "ReadFile ImmutableConst WholeFileReaderV2 RecordInput TFRecordDataset"),
        (Judgement.WRITES_CACHE, "CacheDataset CacheDatasetV2"),
        (Judgement.HIDDEN_GRAPH, "DatasetFromGraph XlaCallModule MlirPassthroughOp TRTEngineOp TfLiteSubgraphExecute"),
        (Judgement.NATIVE_CODE, "XlaCustomCall XlaCustomCallV2"),
        (Judgement.EXCHANGES_TENSORS, "_Send _Recv RemoteCall CollectiveReduceV2 CrossReplicaSum XlaSendToHost"),
        (Judgement.TALKS_TO_SERVER, "Rpc RpcServerStart DataServiceDatasetV4 WorkerHeartbeat BigQueryReader"),
        (Judgement.DRIVES_DEVICE, "ConfigureDistributedTPU TPUExecute TPUPartitionedCall InfeedEnqueue"),
        (Judgement.ENDS_PROCESS, "Abort"),
        (Judgement.STALLS, "SleepDataset SleepOp"),
        (Judgement.SETS_FILE_SYSTEM, "FileSystemSetConfiguration GcsConfigureCredentials"),
    ],
)
def test_ops_with_effects(judgement: Judgement, ops: str) -> None:
    assert {op: judgement_of(op) for op in ops.split()} == dict.fromkeys(ops.split(), judgement)


@pytest.mark.parametrize("op", ["ZeroOut", "TFText>NgramsStringJoin", "matmul", "", "MatMul "])
def test_an_op_that_nobody_judged_is_not_known_to_be_pure(op: str) -> None:
    assert judgement_of(op) is None
    assert effect_of(node(op)) is None


def test_the_review_shows_what_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ops = op_def_pb2.OpList()
    for name in ("MatMul", "NewSum", "NewRpcCall", "NewTable"):
        ops.op.add(name=name)
    ops.op[3].is_stateful = True
    ops.op[3].attr.add(name="source", type="string")
    (tmp_path / "registry").write_bytes(ops.SerializeToString())
    monkeypatch.setattr(sys, "argv", ["ops_review", str(tmp_path / "registry")])
    ops_review.main()
    assert capsys.readouterr().out.splitlines() == [
        "# no state, no strings", "NewSum\tpure",
        "# no state, no strings", "NewRpcCall\ttalks-to-server?",
        "# stateful; string attributes: source", "NewTable\t?",
    ]  # fmt: skip
