"""A Keras model whose forward pass is a model_fn: starts from a TF1 checkpoint, trains, and exports the same contract.

    class Network(ModelFnModel):
        model_fn = staticmethod(model_fn)
        params = {"hidden": 5}

    model = Network()
    model.build_from(serving_input_receiver_fn)
    model.load_tf1_checkpoint("model/model.ckpt-1000")
    model.compile(optimizer="adam")
    model.fit(dataset)
    model.export("export/1")

Needs legacy Keras (tf-keras, TF_USE_LEGACY_KERAS=1), whose `track_tf1_style_variables` finds the variables.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import tensorflow as tf
import tensorflow.compat.v1 as tf1
import tf_keras

from migrate.method_names.model_methods import set_method_names
from migrate.shim.estimator.errors import EstimatorError
from migrate.shim.estimator.mode import ModeKeys
from migrate.shim.estimator.model_fn import call_model_fn, legacy_keras_error
from migrate.shim.estimator.optimizer_steps import without_optimizer_steps
from migrate.shim.estimator.run_config import RunConfig
from migrate.shim.estimator.served import ServedReceiver, ServedSignature, served_receiver, served_signatures
from migrate.shim.estimator.spec import EstimatorSpec

try:
    _track_variables = tf1.keras.utils.track_tf1_style_variables
except AttributeError as error:
    raise legacy_keras_error("A Keras model of a model_fn needs legacy Keras", error) from error


_NO_KERAS_VARIABLES = {
    "singleton tf.Variables": "it makes new ones in every call, by tf.Variable instead of get_variable",
    "could not be lifted": "it makes them by tf.Variable from a tensor instead of get_variable",
    "`partitioner` arg": "a partitioner cuts them",
}
"""What TensorFlow says, and what it means."""


@contextmanager
def _collection_of(key: str, variables: list[Any]) -> Iterator[None]:
    """Fills a graph collection for a while; functions share these with the graph around them."""
    collection = tf1.get_collection_ref(key)
    before = list(collection)
    collection[:] = variables
    try:
        yield
    finally:
        collection[:] = before


class ModelFnModel(tf_keras.Model):  # type: ignore[misc]
    """Runs `model_fn` on every call; its variables are the model's weights, named as in TensorFlow 1.

    `fit` minimises the model_fn's own loss in TRAIN mode: dropout and batch norm behave as in the TF1 training, and
    the optimizer is Keras's instead of the model_fn's. A loss given to `compile` is used in its place, on the
    predictions of PREDICT mode. The model_fn must create its variables by `get_variable` or `tf.layers`, without
    partitioners, and no lookup tables.

    Attributes:
        model_fn: the function, as a staticmethod.
        params: what it gets as `params`.
    """

    model_fn: ClassVar[Callable[..., Any]]
    params: ClassVar[Any] = {}

    def __init__(self, config: RunConfig | None = None, **kwargs: Any) -> None:
        """`config` is what the model_fn gets as `config`; the rest goes to `tf_keras.Model`."""
        super().__init__(**kwargs)
        self._run_config = config or RunConfig()
        self._step = tf.Variable(0, trainable=False, dtype=tf.int64, name=tf1.GraphKeys.GLOBAL_STEP)
        self._receiver: ServedReceiver | None = None

    def call(self, features: Any) -> Any:
        """The predictions: a tensor or a dict, as the model_fn gives them in PREDICT mode."""
        return self._spec(features, None, ModeKeys.PREDICT).predictions

    def build_from(self, serving_input_receiver_fn: Callable[[], Any]) -> None:
        """Creates the weights for the features of a serving receiver, which is also the contract of `export`.

        Raises:
            EstimatorError: the receiver or the model_fn is none that a Keras model can hold.
        """
        self._receiver = served_receiver(serving_input_receiver_fn)
        self._traced_signatures(self._receiver)
        self.built = True

    def load_tf1_checkpoint(self, checkpoint: Any) -> None:
        """Assigns every weight its value in a TF1 checkpoint, by variable name.

        Raises:
            EstimatorError: the model is not built, or the checkpoint lacks a variable or has another shape for it.
        """
        weights = {variable.name.split(":")[0]: variable for variable in self.weights}
        if weights.keys() == {tf1.GraphKeys.GLOBAL_STEP}:
            raise EstimatorError("The model has no weights yet: call `build_from` with a serving receiver first.")
        reader = tf.train.load_checkpoint(str(checkpoint))
        shapes = reader.get_variable_to_shape_map()
        if tf1.GraphKeys.GLOBAL_STEP not in shapes:  # not of an Estimator
            del weights[tf1.GraphKeys.GLOBAL_STEP]
        missing = sorted(weights.keys() - shapes.keys())
        if missing:
            raise EstimatorError(f"The checkpoint {checkpoint} has no variable {', '.join(missing)}.")
        for name, variable in weights.items():
            if list(variable.shape) != shapes[name]:
                raise EstimatorError(
                    f"The checkpoint {checkpoint} has the shape {shapes[name]} for {name}, the model {variable.shape}."
                )
            variable.assign(reader.get_tensor(name))

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step on the model_fn's own loss, or on the loss given to `compile`."""
        if self.loss:
            logs: dict[str, Any] = super().train_step(data)
            return logs
        features, labels, _ = tf_keras.utils.unpack_x_y_sample_weight(data)
        following = self._step + 1
        with tf.GradientTape() as tape, without_optimizer_steps(lambda: self.trainable_variables):
            loss = self._spec(features, labels, ModeKeys.TRAIN).loss
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        self._step.assign(following)
        return {"loss": loss}

    def export(self, filepath: Any, format: str = "tf_saved_model") -> None:
        """Writes a SavedModel for serving: the receiver's inputs, the signatures of the model_fn's export outputs.

        Args:
            filepath: the folder to write.
            format: Keras's argument; only `tf_saved_model` is known.

        Raises:
            EstimatorError: `build_from` was not called, or another format is wanted.
        """
        if self._receiver is None:
            raise EstimatorError("The model does not know its inputs: call `build_from` with a serving receiver first.")
        if format != "tf_saved_model":
            raise EstimatorError(f"The model can be exported as tf_saved_model, not as {format!r}.")
        signatures = self._traced_signatures(self._receiver)
        served = tf.Module()
        served.weights = list(self.weights)
        functions = {key: self._served_function(key, each, self._receiver) for key, each in signatures.items()}
        tf.saved_model.save(served, str(filepath), signatures=functions)
        set_method_names(Path(filepath), {key: signature.method_name for key, signature in signatures.items()})

    def _traced_signatures(self, receiver: ServedReceiver) -> dict[str, ServedSignature]:
        found: dict[str, ServedSignature] = {}

        def trace(*inputs: Any) -> None:
            found.update(self._signatures(receiver, inputs))

        try:
            traced = tf.function(trace, autograph=False).get_concrete_function(*receiver.specs)
        except ValueError as error:
            cause = next((cause for text, cause in _NO_KERAS_VARIABLES.items() if text in str(error)), None)
            if cause is None:
                raise
            raise EstimatorError(
                f"A Keras model cannot hold the variables of model_fn: {cause}. Export it with "
                "migrate.shim.estimator.Estimator instead, or change the model_fn."
            ) from error
        handles = {id(variable.handle) for variable in self.weights}
        others = [each for each in traced.captured_inputs if each.dtype == tf.resource and id(each) not in handles]
        if others:
            raise EstimatorError(
                "model_fn makes lookup tables or variables that a Keras model cannot hold: export it with "
                "migrate.shim.estimator.Estimator instead."
            )
        return found

    def _signatures(self, receiver: ServedReceiver, inputs: tuple[Any, ...]) -> dict[str, ServedSignature]:
        spec = self._spec(receiver.features(*inputs), None, ModeKeys.PREDICT)
        return served_signatures(receiver, inputs, spec.export_outputs)

    def _served_function(self, key: str, signature: ServedSignature, receiver: ServedReceiver) -> Any:
        specs = [
            tf.TensorSpec(spec.shape, spec.dtype, name=input_key)
            for spec, input_key in zip(receiver.specs, signature.input_keys, strict=True)
        ]

        def serve(*inputs: Any) -> dict[str, Any]:
            outputs = self._signatures(receiver, inputs)[key].outputs
            return {name: tf.identity(tensor) for name, tensor in outputs.items()}

        return tf.function(serve, input_signature=specs, autograph=False)

    @contextmanager
    def _collections(self) -> Iterator[None]:
        """Holds the weights where model code that regularises or clips looks for them, and the global step."""
        with (
            _collection_of(tf1.GraphKeys.GLOBAL_STEP, [self._step]),
            _collection_of(tf1.GraphKeys.GLOBAL_VARIABLES, self.weights),
            _collection_of(tf1.GraphKeys.TRAINABLE_VARIABLES, self.trainable_weights),
        ):
            yield

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    @_track_variables  # type: ignore[untyped-decorator]
    def _spec(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        params, config = copy.deepcopy(self.params), copy.deepcopy(self._run_config)
        # Entering the root scope again makes unnamed layers count from `dense` in every call.
        with self._collections(), tf1.variable_scope(tf1.get_variable_scope(), auxiliary_name_scope=False):
            spec = call_model_fn(type(self).model_fn, features, labels, mode, params, config)
        if not isinstance(spec, EstimatorSpec):
            raise EstimatorError(
                f"model_fn must return an EstimatorSpec of migrate.shim.estimator, not {type(spec).__name__}."
            )
        return spec
