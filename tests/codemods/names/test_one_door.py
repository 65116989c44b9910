"""TensorFlow's names in new code: imported where the code stands, from the package that has them."""

from __future__ import annotations

import libcst as cst
import pytest

from codemods.edit.edits import Import
from codemods.edit.tensorflow_names import Api, NoSpelling, Spelling, spelling
from codemods.engine.file_plans import Surroundings, plan_file
from codemods.rules.sm112_model_to_estimator import ModelToEstimator
from codemods.rules.sm901_compat_v1 import CompatV1
from codemods.site import Outcome
from codemods.source.mode import Mode
from codemods.source.module import Module
from tests.codemods.helpers import after, drafts


def test_code_of_a_keras_export_brings_its_tensorflow() -> None:
    source = (
        "from tensorflow import estimator, keras, float32, placeholder\n\n\n"
        "def fn():\n    x = placeholder(float32, [None, 4])\n"
        '    return estimator.export.ServingInputReceiver({"x": x}, {"x": x})\n\n\n'
        "made = keras.estimator.model_to_estimator(keras_model=model)\n"
        'made.export_saved_model("out", fn)\n'
    )
    assert {site.outcome for site in drafts(ModelToEstimator, source)} == {Outcome.NATIVE}
    result = after(ModelToEstimator, source)
    assert "import tensorflow as tf\n" in result
    assert "tf.keras.export.ExportArchive()" in result


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            "from tensorflow import placeholder, Session, Graph, layers\n",
            "from tensorflow.compat.v1 import placeholder, Session, layers\nfrom tensorflow import Graph\n",
            id="two generations in one import",
        ),
        pytest.param(
            "from tensorflow import (GradientTape,  # records\n                        Session as S, layers)\n",
            "from tensorflow.compat.v1 import Session as S, layers\nfrom tensorflow import (GradientTape)\n",
            id="names on several lines",
        ),
        pytest.param(
            "import os; from tensorflow import function, placeholder\n",
            "import os; from tensorflow.compat.v1 import placeholder; from tensorflow import function\n",
            id="one of several statements of a line",
        ),
        pytest.param(
            "from tensorflow import Graph, float32\n", "from tensorflow import Graph, float32\n", id="nothing to move"
        ),
        pytest.param(
            "from tensorflow.compat.v1 import Session\nfrom tensorflow import Graph\n",
            "from tensorflow.compat.v1 import Session\nfrom tensorflow import Graph\n",
            id="moved already",
        ),
    ],
)
def test_an_import_is_split_by_name_in_eager_mode(before: str, expected: str) -> None:
    assert _migrated(before, Mode.EAGER) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("from tensorflow import placeholder, Graph", "from tensorflow.compat.v1 import placeholder, Graph"),
        (
            "from tensorflow import placeholder, autodiff",
            "from tensorflow.compat.v1 import placeholder\nfrom tensorflow import autodiff",
        ),
        ("from tensorflow import Session, keras", "from tensorflow.compat.v1 import Session, keras"),
        ("from tensorflow import autodiff", "from tensorflow import autodiff"),
    ],
)
def test_in_graph_mode_all_that_v1_has_comes_from_there(before: str, expected: str) -> None:
    assert expected in _migrated(before + "\nplaceholder\n", Mode.GRAPH)


def _migrated(source: str, mode: Mode) -> str:
    plan = plan_file("a.py", source.encode(), [CompatV1()], Surroundings(mode, migrates=True))
    assert plan.document is not None
    return plan.document.apply(plan.sites).decode()


def _at_call(text: str, *names: str, api: Api) -> Spelling | NoSpelling:
    """Ask for names where the source calls `here()`."""
    module = Module(text)
    call = next(call for call in module.calls if isinstance(call.func, cst.Name) and call.func.value == "here")
    return spelling(module, call, *names, api=api)


_TF = Import("tensorflow", None, "tf")


@pytest.mark.parametrize(
    ("source", "name", "api", "expected"),
    [
        ("import tensorflow as tf\nhere()\n", "saved_model.save", Api.V2, Spelling("tf", (), None)),
        ("import tensorflow as tf\nhere()\n", "Session", Api.V1, Spelling("tf.compat.v1", (), Api.V1)),
        ("import tensorflow.compat.v1 as tf\nhere()\n", "Session", Api.V1, Spelling("tf", (), Api.V1)),
        ("import tensorflow.compat.v1 as tf\nhere()\n", "saved_model.save", Api.V2, Spelling("tf", (), None)),
        (
            "import tensorflow.compat.v1 as tf\nhere()\n",
            "keras.export.ExportArchive",
            Api.V2,
            Spelling("tf2", (Import("tensorflow", None, "tf2"),), Api.V2),
        ),
        ("from tensorflow import keras\nhere()\n", "function", Api.V2, Spelling("tf", (_TF,), None)),
        # A name that is another's here, or bound only later, is none.
        (
            "import tensorflow as tf\ndef f(tf):\n    here()\n",
            "Module",
            Api.V2,
            Spelling("tf2", (Import("tensorflow", None, "tf2"),), None),
        ),
        (
            "class C:\n    import tensorflow as t\n    def f(self):\n        here()\n",
            "Module",
            Api.V2,
            Spelling("tf", (_TF,), None),
        ),
        ("def f():\n    import tensorflow as t\n    here()\n", "Module", Api.V2, Spelling("t", (), None)),
        ("def f():\n    here()\nimport tensorflow as t\n", "Module", Api.V2, Spelling("t", (), None)),
    ],
)
def test_how_a_name_is_spelled(source: str, name: str, api: Api, expected: Spelling) -> None:
    assert _at_call(source, name, api=api) == expected


def test_code_that_runs_above_the_imports_cannot_have_one() -> None:
    found = _at_call("import os\nhere()\nimport sys\nimport tensorflow as tf\n", "Module", api=Api.V2)
    assert isinstance(found, NoSpelling)
    assert found.reason.startswith("line 2 runs before TensorFlow is imported")
