"""All that makes a rewrap impossible or unsafe, read from the protos of a model; nothing of it is run."""
