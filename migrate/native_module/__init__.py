"""A MetaGraphDef of TensorFlow 1 as a `tf.Module`, and how that is written as a native TF2 SavedModel."""
