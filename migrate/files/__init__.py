"""Files that the tool writes and copies: where asked and nowhere else, whole or not at all."""
