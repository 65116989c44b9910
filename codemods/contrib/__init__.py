"""`tf.contrib`: calls that take more than a new name, and what has no home."""
