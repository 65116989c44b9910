"""A Keras model as legacy Keras builds it in a v1 graph, with its weights in a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from migrate.errors import RefusedModelError
from migrate.files.own_folder import OwnFolder
from migrate.legacy.model import LegacyModel


def keras_graph(file: Path) -> LegacyModel:
    """Load a Keras HDF5 model with tf_keras; its signature has the names of the input and of the output layers.

    Raises:
        RefusedModelError: legacy Keras cannot load it.
    """
    import tensorflow as tf
    import tf_keras

    v1 = tf.compat.v1
    folder = OwnFolder("tf1to2-keras-")
    with tf.Graph().as_default(), v1.Session() as session:
        try:
            model = tf_keras.models.load_model(str(file), compile=False)  # into the session, which is the default one
            outputs = model(tf.nest.pack_sequence_as(model.input, model.inputs), training=False)
        except Exception as error:  # Keras raises errors of many classes here.
            first_line = (str(error).strip().splitlines() or [""])[0]
            raise RefusedModelError(
                f"{file}: legacy Keras cannot load it ({type(error).__name__}: {first_line}); load it with the code "
                "that defines its layers, and call model.export(DIR)."
            ) from error
        builder = v1.saved_model.Builder(str(folder.path / "model"))
        signature = v1.saved_model.predict_signature_def(
            dict(zip(model.input_names, model.inputs, strict=True)),
            dict(zip(model.output_names, tf.nest.flatten(outputs), strict=True)),
        )
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    tf_keras.backend.clear_session()
    return LegacyModel(
        file, _meta_graph(folder.path / "model"), folder.path / "model" / "variables" / "variables", (), folder
    )


def _meta_graph(folder: Path) -> Any:
    from migrate.legacy.saved_model import read_saved_model

    (meta_graph,) = read_saved_model(folder).meta_graphs
    return meta_graph
