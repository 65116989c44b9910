"""A TensorFlow 1 program on TensorFlow 2: v1 imports and names, v2 behaviour, legacy Keras, graphs."""
