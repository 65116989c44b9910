"""Tables: names of TensorFlow by generation and home, and the releases that rewritten code runs on."""
