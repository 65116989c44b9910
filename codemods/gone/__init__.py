"""Names that the target TensorFlow does not have: found in a module as it will be once its sites are applied."""
