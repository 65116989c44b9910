"""``python -m tests.gone_ops PYTHON_OF_TENSORFLOW_1_15``: the ops of 1.15 with tf.contrib that are gone.

Each is listed with what becomes of it: a stand-in of stock ops, or a refusal that names it. Gone is what is not
registered here, what graphs of today may not hold any more, and what has lost its CPU kernel.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict

_LIST = """
import glob, json, os, warnings
warnings.simplefilter("ignore")
import tensorflow as tf, tensorflow_core
from tensorflow.core.framework import kernel_def_pb2, op_def_pb2
from tensorflow.python import pywrap_tensorflow_internal as tf_c
from tensorflow.python.framework import kernels, load_library
root = os.path.dirname(tensorflow_core.__file__)
found = {o.name: "core" for o in op_def_pb2.OpList.FromString(tf_c.TF_GetBuffer(tf_c.TF_GetAllOpList())).op}
for library in sorted(glob.glob(root + "/contrib/**/*.so", recursive=True)):
    try:
        for op in load_library.load_op_library(library).OP_LIST.op:
            found.setdefault(op.name, "contrib." + os.path.relpath(library, root).split(os.sep)[1])
    except tf.errors.NotFoundError:
        pass
kept = {}
for name, home in found.items():
    devices = {kernel.device_type for kernel in kernels.get_registered_kernels_for_op(name).kernel}
    if "CPU" in devices or home != "core":
        kept[name] = home
print(json.dumps(kept))
"""


def main() -> int:
    """Print the list, by home in TensorFlow 1.15."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    listed = subprocess.run([sys.argv[1], "-c", _LIST], check=True, capture_output=True, text=True).stdout
    ops: dict[str, str] = json.loads(listed.strip().splitlines()[-1])
    homes: dict[str, list[str]] = defaultdict(list)
    for op, home in sorted(ops.items()):
        cause = gone(op)
        if cause:
            homes[home].append(f"{op} ({cause})")
    for home, names in sorted(homes.items()):
        print(f"{home}:")
        print("\n".join(f"  {name}" for name in names))
    return 0


def gone(op: str) -> str:
    """Return why this TensorFlow cannot hold an op, and what becomes of it; empty for one that it can."""
    import tensorflow as tf

    from migrate.graph.stand_ins import stand_ins
    from migrate.tensorflow_private.op_defs import op_def
    from migrate.tensorflow_private.op_registry import cpu_kernels

    definition = op_def(op)
    if definition is None:
        cause = "not registered"
    elif definition.HasField("deprecation") and definition.deprecation.version <= tf.version.GRAPH_DEF_VERSION:
        cause = f"in graphs before version {definition.deprecation.version} only"
    elif not cpu_kernels(op):
        cause = "no CPU kernel"
    else:
        return ""
    return f"{cause}; {'stand-in' if op in stand_ins() else 'refused by name'}"


if __name__ == "__main__":
    sys.exit(main())
