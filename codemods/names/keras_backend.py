"""Names that the backend of the Keras package (2.0 to 2.2) bound beside its own: TensorFlow, and modules of it.

`from keras import backend as K` of that time has `K.tf` and `K.control_flow_ops`; `tf.keras.backend` has neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_BACKENDS = ("tensorflow.keras.backend.", "tensorflow.compat.v1.keras.backend.")
_WHOLE = "tf."
_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "config_pb2": "tensorflow.core.protobuf.config_pb2",
        "control_flow_ops": "tensorflow.python.ops.control_flow_ops",
        "ctc": "tensorflow.python.ops.ctc_ops",
        "device_lib": "tensorflow.python.client.device_lib",
        "functional_ops": "tensorflow.python.ops.functional_ops",
        "moving_averages": "tensorflow.python.training.moving_averages",
        "tensor_array_ops": "tensorflow.python.ops.tensor_array_ops",
        "tf_ops": "tensorflow.python.framework.ops",
    }
)


def behind_backend(name: str) -> str | None:
    """Return the private or v1 name that a name of the backend stood for, None where it is no such name."""
    inner = next((name.removeprefix(each) for each in _BACKENDS if name.startswith(each)), "")
    if inner.startswith(_WHOLE):
        return f"tensorflow.compat.v1.{inner.removeprefix(_WHOLE)}"
    module, dot, rest = inner.partition(".")
    return _MODULES[module] + dot + rest if module in _MODULES else None
