"""The function that exports a Keras model with the keys of a serving receiver, as code."""

from __future__ import annotations

import re

from codemods.edit.layout import string_literal
from codemods.edit.traces import LEGACY_KERAS_PACKAGE, Trace
from codemods.estimators.receivers import Fed
from codemods.source.module import Module

_DOCSTRING = "Exports the model for the inputs that {} took; returns the new folder."
EXPORT_TRACE = Trace(_DOCSTRING.partition("{}")[0].encode(), packages=frozenset({LEGACY_KERAS_PACKAGE}), is_export=True)


def export_function(tf: str, helper: str, fed: tuple[Fed, ...], receiver: str, module: Module) -> list[str]:
    """Return the lines of a function that exports a Keras model for what a receiver was fed."""
    names = [_identifier(each.key, index) for index, each in enumerate(fed)]
    specs = [f"{tf}.TensorSpec({each.shape}, {each.dtype}, name={string_literal(module, each.key)})" for each in fed]
    if len(specs) == 1:
        signature = [f"    @{tf}.function(input_signature=[{specs[0]}])"]
    else:
        signature = [f"    @{tf}.function(", "        input_signature=["]
        signature += [f"            {spec}," for spec in specs] + ["        ]", "    )"]
    pairs = ", ".join(f"{string_literal(module, each.feature)}: {name}" for each, name in zip(fed, names, strict=True))
    features = names[0] if len(fed) == 1 else f"{{{pairs}}}"
    default = string_literal(module, "serving_default")
    return [
        f"def {helper}(model, export_dir_base):",
        f'    """{_DOCSTRING.format(receiver)}"""',
        "",
        *signature,
        f"    def serving_default({', '.join(names)}):",
        f"        outputs = model({features}, training=False)",
        f"        return dict(zip(model.output_names, {tf}.nest.flatten(outputs)))",
        "",
        "    export_dir = os.path.join(export_dir_base, str(int(time.time())))",
        f"    archive = {tf}.keras.export.ExportArchive()",
        "    archive.track(model)",
        f"    archive.add_endpoint({default}, serving_default)",
        "    archive.write_out(export_dir)",
        "    return export_dir.encode()",
    ]


def _identifier(key: str, index: int) -> str:
    name = re.sub(r"\W", "_", key)
    return name if name.isidentifier() and name not in ("model", "None", "True", "False") else f"input_{index}"
