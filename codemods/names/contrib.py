"""`tf.contrib` symbols and their homes in TensorFlow 2, without the leading `tensorflow.contrib.` and `tensorflow.`.

`SAME` and `EXACT` were written from TensorFlow 1.15.5, where `SAME` symbols *are* the named object of `tf.compat.v1`,
and the parameters in `EXACT` are those of the contrib function; a test compares both with the installed TensorFlow and
tf-keras.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Home:
    """A function of the v1 API that does the same. `parameters` are the contrib function's, in order.

    `renamed` maps a parameter to its new name; `lost` are those without a counterpart.
    """

    name: str
    parameters: tuple[str, ...]
    renamed: Mapping[str, str]
    lost: frozenset[str]


# contrib name -> v1 name of the very same object: calls, base classes and plain references are all exact.
SAME: Mapping[str, str] = MappingProxyType(
    dict(
        line.split()
        for line in """
        checkpoint.CheckpointManager train.CheckpointManager
        cluster_resolver.ClusterResolver distribute.cluster_resolver.ClusterResolver
        cluster_resolver.GCEClusterResolver distribute.cluster_resolver.GCEClusterResolver
        cluster_resolver.KubernetesClusterResolver distribute.cluster_resolver.KubernetesClusterResolver
        cluster_resolver.SimpleClusterResolver distribute.cluster_resolver.SimpleClusterResolver
        cluster_resolver.SlurmClusterResolver distribute.cluster_resolver.SlurmClusterResolver
        cluster_resolver.TFConfigClusterResolver distribute.cluster_resolver.TFConfigClusterResolver
        cluster_resolver.TPUClusterResolver distribute.cluster_resolver.TPUClusterResolver
        cluster_resolver.UnionClusterResolver distribute.cluster_resolver.UnionResolver
        data.AUTOTUNE data.experimental.AUTOTUNE
        data.Optional data.experimental.Optional
        data.get_next_as_optional data.experimental.get_next_as_optional
        distribute.OneDeviceStrategy distribute.OneDeviceStrategy
        distribute.ReplicaContext distribute.ReplicaContext
        distribute.get_loss_reduction distribute.get_loss_reduction
        distribute.get_replica_context distribute.get_replica_context
        distribute.get_strategy distribute.get_strategy
        distribute.has_strategy distribute.has_strategy
        distribute.in_cross_replica_context distribute.in_cross_replica_context
        eager.GradientTape GradientTape
        eager.TensorSpec TensorSpec
        eager.custom_gradient custom_gradient
        eager.enable_eager_execution enable_eager_execution
        eager.executing_eagerly executing_eagerly
        eager.in_eager_mode executing_eagerly
        eager.py_func py_function
        framework.TensorSpec TensorSpec
        framework.argsort argsort
        framework.assert_same_float_dtype assert_same_float_dtype
        framework.assert_scalar assert_scalar
        framework.convert_to_tensor_or_sparse_tensor convert_to_tensor_or_sparse_tensor
        framework.is_tensor is_tensor
        framework.nest.assert_same_structure nest.assert_same_structure
        framework.nest.flatten nest.flatten
        framework.nest.is_nested nest.is_nested
        framework.nest.map_structure nest.map_structure
        framework.nest.pack_sequence_as nest.pack_sequence_as
        framework.sort sort
        lookup.KeyValueTensorInitializer lookup.KeyValueTensorInitializer
        lookup.MutableDenseHashTable lookup.experimental.DenseHashTable
        lookup.TextFileIndex lookup.TextFileIndex
        lookup.TextFileInitializer lookup.TextFileInitializer
        metrics.set_difference sets.difference
        metrics.set_intersection sets.intersection
        metrics.set_size sets.size
        metrics.set_union sets.union
        nn.conv1d_transpose nn.conv1d_transpose
        rnn.BasicLSTMCell nn.rnn_cell.BasicLSTMCell
        rnn.BasicRNNCell nn.rnn_cell.BasicRNNCell
        rnn.DeviceWrapper nn.rnn_cell.DeviceWrapper
        rnn.DropoutWrapper nn.rnn_cell.DropoutWrapper
        rnn.GRUCell nn.rnn_cell.GRUCell
        rnn.LSTMCell nn.rnn_cell.LSTMCell
        rnn.LSTMStateTuple nn.rnn_cell.LSTMStateTuple
        rnn.MultiRNNCell nn.rnn_cell.MultiRNNCell
        rnn.RNNCell nn.rnn_cell.RNNCell
        rnn.ResidualWrapper nn.rnn_cell.ResidualWrapper
        rnn.static_bidirectional_rnn nn.static_bidirectional_rnn
        rnn.static_rnn nn.static_rnn
        rnn.static_state_saving_rnn nn.static_state_saving_rnn
        signal.frame signal.frame
        signal.hamming_window signal.hamming_window
        signal.hann_window signal.hann_window
        signal.inverse_stft signal.inverse_stft
        signal.inverse_stft_window_fn signal.inverse_stft_window_fn
        signal.linear_to_mel_weight_matrix signal.linear_to_mel_weight_matrix
        signal.mfccs_from_log_mel_spectrograms signal.mfccs_from_log_mel_spectrograms
        signal.overlap_and_add signal.overlap_and_add
        signal.stft signal.stft
        stateless.stateless_multinomial random.stateless_multinomial
        stateless.stateless_random_normal random.stateless_normal
        stateless.stateless_random_uniform random.stateless_uniform
        stateless.stateless_truncated_normal random.stateless_truncated_normal
        tpu.CrossShardOptimizer tpu.CrossShardOptimizer
        tpu.DeviceAssignment tpu.experimental.DeviceAssignment
        tpu.batch_parallel tpu.batch_parallel
        tpu.bfloat16_scope tpu.bfloat16_scope
        tpu.core tpu.core
        tpu.cross_replica_sum tpu.cross_replica_sum
        tpu.initialize_system tpu.initialize_system
        tpu.outside_compilation tpu.outside_compilation
        tpu.replicate tpu.replicate
        tpu.rewrite tpu.rewrite
        tpu.shard tpu.shard
        tpu.shutdown_system tpu.shutdown_system
        util.constant_value get_static_value
        util.make_ndarray make_ndarray
        util.make_tensor_proto make_tensor_proto
        """.splitlines()
        if line.strip()
    )
)

# contrib name | v1 name | parameters of the contrib function: `old=new` is renamed, `-old` has no counterpart.
_EXACT = """
    data.Counter | data.experimental.Counter | start step dtype
    data.Reducer | data.experimental.Reducer | init_func reduce_func finalize_func
    data.bucket_by_sequence_length | data.experimental.bucket_by_sequence_length | element_length_func
        bucket_boundaries bucket_batch_sizes padded_shapes padding_values pad_to_bucket_boundary no_padding
    data.choose_from_datasets | data.experimental.choose_from_datasets | datasets choice_dataset
    data.copy_to_device | data.experimental.copy_to_device | target_device source_device
    data.dense_to_sparse_batch | data.experimental.dense_to_sparse_batch | batch_size row_shape
    data.enumerate_dataset | data.experimental.enumerate_dataset | start
    data.get_single_element | data.experimental.get_single_element | dataset
    data.group_by_reducer | data.experimental.group_by_reducer | key_func reducer
    data.group_by_window | data.experimental.group_by_window | key_func reduce_func window_size window_size_func
    data.ignore_errors | data.experimental.ignore_errors |
    data.map_and_batch | data.experimental.map_and_batch | map_func batch_size num_parallel_batches drop_remainder
        num_parallel_calls
    data.make_batched_features_dataset | data.experimental.make_batched_features_dataset | file_pattern batch_size
        features reader label_key reader_args num_epochs shuffle shuffle_buffer_size shuffle_seed prefetch_buffer_size
        reader_num_threads parser_num_threads sloppy_ordering drop_final_batch
    data.make_csv_dataset | data.experimental.make_csv_dataset | file_pattern batch_size column_names column_defaults
        label_name select_columns field_delim use_quote_delim na_value header num_epochs shuffle shuffle_buffer_size
        shuffle_seed prefetch_buffer_size num_parallel_reads sloppy num_rows_for_inference compression_type
    data.make_saveable_from_iterator | data.experimental.make_saveable_from_iterator | iterator
    data.parallel_interleave | data.experimental.parallel_interleave | map_func cycle_length block_length sloppy
        buffer_output_elements prefetch_input_elements
    data.parse_example_dataset | data.experimental.parse_example_dataset | features num_parallel_calls
    data.prefetch_to_device | data.experimental.prefetch_to_device | device buffer_size
    data.rejection_resample | data.experimental.rejection_resample | class_func target_dist initial_dist seed
    data.sample_from_datasets | data.experimental.sample_from_datasets | datasets weights seed
    data.scan | data.experimental.scan | initial_state scan_func
    data.shuffle_and_repeat | data.experimental.shuffle_and_repeat | buffer_size count seed
    data.unbatch | data.experimental.unbatch |
    data.unique | data.experimental.unique |
    framework.CriticalSection | CriticalSection | name shared_name critical_section_def import_scope
    framework.assert_global_step | train.assert_global_step | global_step_tensor
    framework.create_global_step | train.create_global_step | graph
    framework.get_global_step | train.get_global_step | graph
    framework.get_or_create_global_step | train.get_or_create_global_step | graph
    framework.init_from_checkpoint | train.init_from_checkpoint | checkpoint_dir=ckpt_dir_or_file assignment_map
    framework.list_variables | train.list_variables | checkpoint_dir=ckpt_dir_or_file
    framework.load_checkpoint | train.load_checkpoint | filepattern=ckpt_dir_or_file
    framework.load_variable | train.load_variable | checkpoint_dir=ckpt_dir_or_file name
    framework.nest.is_sequence | nest.is_nested | o=seq
    layers.flatten | layers.flatten | inputs -outputs_collections scope=name
    layers.one_hot_encoding | one_hot | labels=indices num_classes=depth on_value off_value -outputs_collections -scope
    layers.safe_embedding_lookup_sparse | nn.safe_embedding_lookup_sparse | embedding_weights sparse_ids
        sparse_weights combiner default_id name partition_strategy max_norm
    lookup.HashTable | lookup.StaticHashTable | initializer default_value -shared_name name
    lookup.MutableHashTable | lookup.experimental.MutableHashTable | key_dtype value_dtype default_value name checkpoint
    training.checkpoints_iterator | train.checkpoints_iterator | checkpoint_dir min_interval_secs timeout timeout_fn
"""


def _read_exact(text: str) -> dict[str, Home]:
    lines: list[str] = []
    for line in text.splitlines():
        if "|" in line:
            lines.append(line.strip())
        elif line.strip():
            lines[-1] += " " + line.strip()
    table = {}
    for line in lines:
        old, new, listed = (part.strip() for part in line.split("|"))
        words = listed.split()
        pairs = [word.split("=") for word in words if "=" in word]
        table[old] = Home(
            name=new,
            parameters=tuple(word.lstrip("-").split("=")[0] for word in words),
            renamed=MappingProxyType(dict(pairs)),
            lost=frozenset(word[1:] for word in words if word.startswith("-")),
        )
    return table


EXACT: Mapping[str, Home] = MappingProxyType(_read_exact(_EXACT))

# contrib name -> module of `migrate.shim` and its function of the same arguments: where nothing else is exact.
SHIM: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "estimator.add_metrics": ("estimator", "add_metrics"),
        "estimator.forward_features": ("estimator", "forward_features"),
        "layers.dense_to_sparse": ("contrib", "dense_to_sparse"),
        "layers.layer_norm": ("contrib", "layer_norm"),
        "layers.variance_scaling_initializer": ("contrib", "variance_scaling_initializer"),
        "layers.xavier_initializer": ("contrib", "xavier_initializer"),
        "layers.xavier_initializer_conv2d": ("contrib", "xavier_initializer"),
    }
)

# slim has the names of tf.contrib.layers, and private modules have those of their packages.
_INNER = re.compile(
    r"^(?:slim\.(?:layers\.)?|layers\.python\.layers\.|slim\.python\.slim\.)"
    r"(?:(?:layers|initializers|regularizers|embedding_ops|encoders)\.)?(?=[a-z]\w*$)"
)
# slim has the functions of contrib.framework that are about variables, too.
_VARIABLES = re.compile(r"^(?:slim\.|framework\.python\.ops\.(?:variables\.)?)(?=[a-z]\w*$)")


def public_name(name: str) -> str:
    """Return the name of a symbol in its public package: `slim.l2_regularizer` is `layers.l2_regularizer`."""
    public = _INNER.sub("layers.", name)
    if public in SHIM or public in EXACT or public in _LAYER_RECIPES:
        return public
    public = _VARIABLES.sub("framework.", name)
    return public if public in EXACT else name


_LAYER_RECIPES = frozenset(
    f"layers.{name}" for name in ("l1_regularizer", "l2_regularizer", "xavier_initializer", "xavier_initializer_conv2d")
)

# What of tf_slim 1.1 runs beside TensorFlow 2.21 was tried, in a graph; it has its layers as `tf_slim.conv2d`.
_SLIM = "tf_slim (pip install tf-slim), under the same name"
_WEIGHTS = f"{_SLIM}; its variables are called `weights` and `biases`, those of tf.layers and Keras `kernel`, `bias`"
# What tf_slim has, and stops at on TensorFlow 2.21: it asks for names of private modules that moved.
_STOPS = "(that of tf_slim stops on TensorFlow 2.21)"
_NOT_IN_SLIM = {
    "batch_norm": "tf.compat.v1.layers.batch_normalization, with `training` for `is_training` and `momentum` for "
    f"`decay`; the scope is `BatchNorm` there, the variables have the same names {_STOPS}",
    "learning.clip_gradient_norms": f"tf.clip_by_norm of each gradient {_STOPS}",
    "learning.create_train_op": f"{_SLIM}, but its `clip_gradient_norm`, `gradient_multipliers` and "
    "`summarize_gradients` stop on TensorFlow 2.21",
    "learning.multiply_gradients": f"no package: multiply the gradients before apply_gradients {_STOPS}",
    "optimize_loss": f"an optimizer's minimize, with tf.clip_by_global_norm where it clips {_STOPS}",
    "recompute_grad": f"tf.recompute_grad {_STOPS}",
}
_LOCAL = f"tf.compat.v1.Variable in the collection LOCAL_VARIABLES {_STOPS}"
# What tf.contrib.layers has and tf_slim has not.
_NOWHERE = """
    bow_encoder binary_svm_target check_feature_columns embedding_lookup_sparse_with_distributed_aggregation
    infer_real_valued_columns make_place_holder_tensors_for_base_features multi_class_target
    parse_feature_columns_from_sequence_examples regression_target scattered_embedding_column
    scattered_embedding_lookup scattered_embedding_lookup_sparse transform_features
"""
_NO_LAYERS = {
    **dict.fromkeys(_NOWHERE.split(), "no package"),
    "embed_sequence": "tf.nn.embedding_lookup with tf.compat.v1.get_variable",
    "embedding_lookup_unique": "tf.compat.v1.nn.embedding_lookup, which returns the same",
    "safe_embedding_lookup_sparse": "tf.compat.v1.nn.safe_embedding_lookup_sparse",
    "input_from_feature_columns": "tf.compat.v1.feature_column.input_layer",
    "sequence_input_from_feature_columns": "tf.keras.experimental.SequenceFeatures of tf-keras",
    "weighted_sum_from_feature_columns": "tf.compat.v1.feature_column.linear_model",
    "joint_weighted_sum_from_feature_columns": "tf.compat.v1.feature_column.linear_model",
    "parse_feature_columns_from_examples": "tf.io.parse_example with tf.feature_column.make_parse_example_spec",
    "sparse_column_with_vocabulary_file": "tf.feature_column.categorical_column_with_vocabulary_file",
    "weighted_sparse_column": "tf.feature_column.weighted_categorical_column",
    "shared_embedding_columns": "tf.compat.v1.feature_column.shared_embedding_columns",
}
_CONVOLUTIONS = ("conv1d", "conv2d", "conv3d", "convolution", "convolution1d", "convolution2d", "convolution3d")
_OTHER_CONVOLUTIONS = ("conv2d_in_plane", "convolution2d_in_plane", "separable_conv2d", "separable_convolution2d")
_TRANSPOSED = tuple(f"{name}_transpose" for name in ("conv2d", "conv3d", "convolution2d", "convolution3d"))
_DENSE = ("fully_connected", "linear", "relu", "relu6")
_WITH_WEIGHTS = (*_CONVOLUTIONS, *_OTHER_CONVOLUTIONS, *_TRANSPOSED, *_DENSE)

# What has no exact counterpart, and where it went. The longest prefix counts.
HOMES: Mapping[str, str] = MappingProxyType(
    {
        "all_reduce": "tf.distribute, which reduces across devices itself",
        "bayesflow": "tensorflow-probability",
        "boosted_trees": "tensorflow-decision-forests (the trees must be trained again)",
        "checkpoint": "tf.train.Checkpoint",
        "cloud": "tensorflow-io (BigQuery, Google Cloud Storage)",
        "bigtable": "tensorflow-io",
        "compiler": "tf.function(jit_compile=True)",
        "constrained_optimization": "tensorflow-constrained-optimization",
        "copy_graph": "no package; tf.compat.v1.import_graph_def copies a graph",
        "coder": "tensorflow-compression",
        "crf": "tensorflow-addons 0.23 (tfa.text.crf, TensorFlow <= 2.15)",
        "cudnn_rnn": "tf.keras.layers.LSTM and GRU, which use cuDNN themselves (the checkpoint needs converting)",
        "data": "tf.data and tf.data.experimental, with other arguments",
        "data.batch_and_drop_remainder": "Dataset.batch(..., drop_remainder=True)",
        "data.padded_batch_and_drop_remainder": "Dataset.padded_batch(..., drop_remainder=True)",
        "data.sliding_window_batch": "Dataset.window(...) and flat_map",
        "data.assert_element_shape": "tf.data.experimental.assert_cardinality, or tf.ensure_shape in a map",
        "data.CsvDataset": "tf.data.experimental.CsvDataset",
        "data.SqlDataset": "tf.data.experimental.SqlDataset",
        "deprecated": "tf.compat.v1.summary",
        "distribute": "tf.distribute, with other arguments",
        "distributions": "tensorflow-probability (tfp.distributions)",
        "eager": "tf itself: eager execution is the default of TensorFlow 2",
        "estimator": "no package: tf.estimator left after 2.15; model_fns export through migrate.shim.estimator",
        "factorization": "no package (WALS: tf.raw_ops; KMeans, GMM: scikit-learn)",
        "feature_column": "tf.feature_column (sequence columns: tf.keras preprocessing layers)",
        "ffmpeg": "tensorflow-io",
        "framework": "tf_slim, where it is about arg_scope or variables",
        "framework.python": "tf_slim, where it is about arg_scope or variables",
        "framework.local_variable": _LOCAL,
        "slim.local_variable": _LOCAL,
        "framework.smart_cond": "tf.cond",
        "framework.sort": "tf.sort",
        "gan": "tensorflow-gan",
        "graph_editor": "no package; tf.compat.v1.import_graph_def with input_map rewires graphs",
        "hooks": "tf.compat.v1.train (ProfilerHook)",
        "hvx": "no package",
        "image": "tensorflow-addons 0.23 (tfa.image, TensorFlow <= 2.15), or keras.ops.image.affine_transform",
        "input_pipeline": "tf.data",
        "integrate": "tensorflow-probability (tfp.math.ode)",
        "keras": "tf.keras",
        "kernel_methods": "tf.keras.layers.experimental.RandomFourierFeatures of tf-keras",
        "kfac": "the kfac package",
        "labeled_tensor": "no package",
        "layers": _SLIM,
        **{
            f"{package}.{name}": home
            for package in ("layers", "slim")
            for name, home in (*_NOT_IN_SLIM.items(), *_NO_LAYERS.items())
        },
        "layers.python.layers.utils": "tf_slim.layers.utils (pip install tf-slim), under the same names",
        "layers.dropout": "tf.compat.v1.nn.dropout, or tf.compat.v1.layers.dropout with `rate` = 1 - `keep_prob`",
        **{f"layers.{name}": _WEIGHTS for name in _WITH_WEIGHTS},
        "layers.bucketized_column": "tf.feature_column.bucketized_column",
        "layers.create_feature_spec_for_parsing": "tf.feature_column.make_parse_example_spec",
        "layers.crossed_column": "tf.feature_column.crossed_column",
        "layers.embedding_column": "tf.feature_column.embedding_column",
        "layers.one_hot_column": "tf.feature_column.indicator_column",
        "layers.real_valued_column": "tf.feature_column.numeric_column",
        "layers.sparse_column_with_hash_bucket": "tf.feature_column.categorical_column_with_hash_bucket",
        "layers.sparse_column_with_integerized_feature": "tf.feature_column.categorical_column_with_identity",
        "layers.sparse_column_with_keys": "tf.feature_column.categorical_column_with_vocabulary_list",
        "layers.variance_scaling_initializer": "tf.compat.v1.variance_scaling_initializer, whose truncated normal has "
        "another standard deviation",
        "layers.xavier_initializer": "tf.compat.v1.glorot_normal_initializer, whose deviation differs slightly",
        "layers.xavier_initializer_conv2d": "tf.compat.v1.glorot_normal_initializer, whose deviation differs slightly",
        "learn": "no package: it was replaced by tf.estimator, which left TensorFlow after 2.15",
        "learn.python.learn.datasets": "tf.keras.datasets or tensorflow-datasets",
        "learn.preprocessing": "no package: tf.keras.layers.TextVectorization numbers words in another order",
        "learn.datasets": "tf.keras.datasets or tensorflow-datasets",
        "legacy_seq2seq": "no package",
        "lite": "tf.lite",
        "lookup": "tf.lookup",
        "losses": "tf.compat.v1.losses, with other arguments",
        "memory_stats": "tf.config.experimental.get_memory_info",
        "metrics": "tf.compat.v1.metrics, with other argument orders (streaming_accuracy: accuracy)",
        "mixed_precision": "tf.keras.mixed_precision",
        "model_pruning": "tensorflow-model-optimization",
        "nccl": "tf.distribute.NcclAllReduce",
        "nn": "tf.nn, with other arguments",
        "opt": "tensorflow-addons 0.23 (tfa.optimizers, TensorFlow <= 2.15); AdamW and Nadam: tf.keras.optimizers",
        "optimizer_v2": "tf.keras.optimizers",
        "periodic_resample": "no package",
        "predictor": "tf.saved_model.load(dir).signatures[key], or migrate.shim.load where tensor names are used",
        "proto": "tf.io.decode_proto and tf.io.encode_proto",
        "quantization": "tf.quantization",
        "quantize": "tensorflow-model-optimization",
        "receptive_field": "the receptive_field package",
        "reduce_slice_ops": "tf.math.segment_sum and its kin",
        "resampler": "tensorflow-addons 0.23 (tfa.image.resampler, TensorFlow <= 2.15)",
        "rnn": "tensorflow-addons 0.23 (tfa.rnn, TensorFlow <= 2.15) has some of the cells, under other variable names",
        "rnn.stack_bidirectional_dynamic_rnn": "no package; stack tf.compat.v1.nn.bidirectional_dynamic_rnn by hand",
        "saved_model": "tf.saved_model, or tf.keras for Keras models",
        "saved_model.save_keras_model": "tf.keras.Model.export",
        "saved_model.load_keras_model": "tf.keras.models.load_model of a .keras file",
        "seq2seq": "tensorflow-addons 0.23 (tfa.seq2seq, TensorFlow <= 2.15)",
        "session_bundle": "tf.saved_model; `tf1to2 rewrap` converts its exports",
        "slim": _SLIM,
        "solvers": "tensorflow-probability (tfp.math)",
        "sparsemax": "tensorflow-addons 0.23 (tfa.activations.sparsemax, TensorFlow <= 2.15)",
        "specs": "no package",
        "staging": "tf.data",
        "stat_summarizer": "tf.profiler",
        "summary": "tf.summary, written step by step",
        "tensor_forest": "tensorflow-decision-forests (the trees must be trained again)",
        "tensorboard": "tensorboard.plugins.projector",
        "tensorrt": "tf.experimental.tensorrt.Converter",
        "testing": "no package",
        "text": "tensorflow-addons 0.23 (tfa.text, TensorFlow <= 2.15)",
        "tfprof": "tf.compat.v1.profiler",
        "timeseries": "tensorflow-probability (tfp.sts)",
        "tpu": "tf.compat.v1.tpu, or migrate.shim.estimator.tpu for TPUEstimator",
        "training": "tf.compat.v1.train, where it is about checkpoints",
        "training.HParams": "no package: argparse.Namespace or a dataclass serve, or hparam.py of TensorFlow 1.15",
        "util": "tf itself",
    }
)


def home_of(name: str) -> str:
    """Return where a contrib symbol without an exact counterpart went, in words."""
    inner = _INNER.sub("slim.", name)
    name = inner if inner in HOMES else name
    while name:
        if name in HOMES:
            return HOMES[name]
        name = name.rpartition(".")[0]
    return "no known package"
