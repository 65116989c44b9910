"""One canonical name for every spelling of a TensorFlow symbol.

Canonical names start with `tensorflow.` and are those of the public v1 API without `compat.v1`; where v1 and v2 give
one name two meanings (`saved_model.load`), the v1 meaning has its long name (`saved_model.loader.load`).
"""

from __future__ import annotations

import re
from functools import lru_cache

_V1_PREFIXES = (
    "tensorflow.compat.v1.",
    "tensorflow._api.v1.compat.v1.",
    "tensorflow._api.v2.compat.v1.",
    "tensorflow._api.v2.v1.",
    "tensorflow._api.v1.",
    "tensorflow.v1.",
)

# Private modules that real code imports, and the public module with the same names.
_PRIVATE_MODULES: tuple[tuple[str, str], ...] = (
    (r"tensorflow\.python\.saved_model\.builder(_impl)?", "tensorflow.saved_model.builder"),
    (r"tensorflow\.python\.saved_model\.signature_constants", "tensorflow.saved_model.signature_constants"),
    (r"tensorflow\.python\.saved_model\.tag_constants", "tensorflow.saved_model.tag_constants"),
    (r"tensorflow\.python\.saved_model\.signature_def_utils(_impl)?", "tensorflow.saved_model.signature_def_utils"),
    (r"tensorflow\.python\.saved_model\.utils(_impl)?", "tensorflow.saved_model.utils"),
    (r"tensorflow\.python\.saved_model\.loader(_impl)?", "tensorflow.saved_model.loader"),
    (r"tensorflow\.python\.saved_model\.main_op(_impl)?", "tensorflow.saved_model.main_op"),
    (r"tensorflow\.python\.saved_model\.simple_save\.simple_save", "tensorflow.saved_model.simple_save"),
    (r"tensorflow\.python\.saved_model", "tensorflow.saved_model"),
    (r"tensorflow\.python\.framework\.graph_util(_impl)?", "tensorflow.graph_util"),
    (r"tensorflow\.python\.framework\.importer", "tensorflow"),
    (r"tensorflow\.python\.framework\.(ops|dtypes|constant_op|tensor_shape)", "tensorflow"),
    (r"tensorflow\.python\.ops\.(array_ops|math_ops|variables|control_flow_ops|variable_scope|init_ops)", "tensorflow"),
    (r"tensorflow\.python\.ops\.lookup_ops", "tensorflow"),
    (r"tensorflow\.python\.platform\.gfile", "tensorflow.gfile"),
    (r"tensorflow\.python\.platform\.app", "tensorflow.app"),
    (r"tensorflow\.python\.platform\.flags", "tensorflow.flags"),
    (r"tensorflow\.python\.lib\.io\.file_io", "tensorflow.python.lib.io.file_io"),
    (r"tensorflow\.python\.client\.session", "tensorflow"),
    (r"tensorflow\.python\.training\.saver", "tensorflow.train"),
    (r"tensorflow\.python\.(tools|util)\b", r"tensorflow.python.\1"),
    (r"tensorflow\.python\.keras", "tensorflow.keras"),
    (r"tensorflow\.core\.framework\.graph_pb2\.GraphDef", "tensorflow.GraphDef"),
    (r"tensorflow\.python\.estimator", "tensorflow.estimator"),
    (r"tensorflow_estimator(\.python\.estimator)?", "tensorflow.estimator"),
)
_PRIVATE = tuple((re.compile(pattern + r"(?=\.|$)"), public) for pattern, public in _PRIVATE_MODULES)

# Long and short public names of one thing.
_SAME: tuple[tuple[str, str], ...] = (
    ("tensorflow.saved_model.builder.SavedModelBuilder", "tensorflow.saved_model.Builder"),
    ("tensorflow.saved_model.builder.Builder", "tensorflow.saved_model.Builder"),
    ("tensorflow.saved_model.signature_constants.", "tensorflow.saved_model."),
    ("tensorflow.saved_model.tag_constants.", "tensorflow.saved_model."),
    ("tensorflow.saved_model.signature_def_utils.", "tensorflow.saved_model."),
    ("tensorflow.saved_model.utils.", "tensorflow.saved_model."),
    ("tensorflow.saved_model.main_op_with_restore", "tensorflow.saved_model.main_op.main_op_with_restore"),
    ("tensorflow.graph_util.graph_util.", "tensorflow.graph_util."),
    ("tensorflow.framework.graph_util.", "tensorflow.graph_util."),
    ("tensorflow.gfile.GFile", "tensorflow.gfile.GFile"),
    ("tensorflow.gfile.FastGFile", "tensorflow.gfile.GFile"),
    ("tensorflow.gfile.Open", "tensorflow.gfile.GFile"),
    ("tensorflow.io.gfile.GFile", "tensorflow.gfile.GFile"),
    ("tensorflow.initializers.tables_initializer", "tensorflow.tables_initializer"),
    ("tensorflow.initializers.global_variables", "tensorflow.global_variables_initializer"),
    ("tensorflow.initialize_all_variables", "tensorflow.global_variables_initializer"),
    ("tensorflow.initialize_all_tables", "tensorflow.tables_initializer"),
    ("tensorflow.train.import_meta_graph", "tensorflow.train.import_meta_graph"),
    ("tensorflow.graph_util.import_graph_def", "tensorflow.import_graph_def"),
)

# v1 and v2 disagree about these.
_V1_ONLY_MEANING = {"tensorflow.saved_model.load": "tensorflow.saved_model.loader.load"}


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """Return the canonical name of a dotted name, itself where it is no TensorFlow name."""
    while name.startswith("tensorflow.compat.v1.compat."):  # `compat.v1` holds `compat` too
        name = "tensorflow." + name[len("tensorflow.compat.v1.") :]
    if name == "tensorflow.compat.v1":
        return "tensorflow"
    is_v1 = False
    if name.startswith("tensorflow.compat.v2"):
        name = "tensorflow" + name[len("tensorflow.compat.v2") :]
        if name == "tensorflow.compat.v1":
            return "tensorflow"
    for prefix in _V1_PREFIXES:
        if name.startswith(prefix):
            name, is_v1 = f"tensorflow.{name[len(prefix) :]}", True
            break
        if name == prefix[:-1]:
            return "tensorflow"
    for pattern, public in _PRIVATE:
        name, count = pattern.subn(public, name, count=1) if pattern.match(name) else (name, 0)
        if count:
            break
    for long, short in _SAME:
        if name == long or (long.endswith(".") and name.startswith(long)):
            name = short + name[len(long) :]
    return _V1_ONLY_MEANING.get(name, name) if is_v1 else name


def is_tensorflow(name: str | None) -> bool:
    """Whether a canonical name is TensorFlow's."""
    return name is not None and (name == "tensorflow" or name.startswith("tensorflow."))
