"""Names that reach TensorFlow through other modules of the repository: attributes, re-exports, star imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from codemods.source.module import Module
from migrate.codemod.discover import discover
from migrate.codemod.options import RunOptions
from migrate.codemod.project import LocalProject, Repository
from migrate.codemod.run import run_codemods

SPEC = "tensorflow.estimator.EstimatorSpec"
COMPAT = "import tensorflow.compat.v1 as tf\nv1 = tf.compat.v1\nSpec = tf.estimator.EstimatorSpec\n"


def resolved(folder: Path, files: dict[str, str], path: str) -> str | None:
    """Return what the last call of a file of the repository stands for."""
    write(folder, files)
    module = Module(files[path], path, project=LocalProject(Repository(folder, files)))
    return module.resolve_call(module.calls[-1])


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "path"),
    [
        pytest.param(
            {"pkg/__init__.py": "", "pkg/compat.py": COMPAT, "pkg/a.py": "from pkg import compat\ncompat.tf.f()\n"},
            "pkg/a.py",
            id="attribute of a module of the package",
        ),
        pytest.param(
            {"pkg/__init__.py": "", "pkg/compat.py": COMPAT, "pkg/a.py": "from . import compat\ncompat.v1.f()\n"},
            "pkg/a.py",
            id="relative import, an alias that the module assigned",
        ),
        pytest.param(
            {"pkg/__init__.py": "", "pkg/compat.py": COMPAT, "a.py": "import pkg.compat\npkg.compat.tf.f()\n"},
            "a.py",
            id="dotted import",
        ),
        pytest.param(
            {"pkg/__init__.py": "", "pkg/compat.py": COMPAT, "a.py": "import pkg.compat as c\nc.tf.f()\n"},
            "a.py",
            id="dotted import with a name",
        ),
        pytest.param(
            {"lib/__init__.py": "from .inner import tf\n", "lib/inner.py": COMPAT, "a.py": "import lib\nlib.tf.f()\n"},
            "a.py",
            id="handed on by the package",
        ),
        pytest.param(
            {
                "lib/__init__.py": "from . import compat as c\n",
                "lib/compat.py": COMPAT,
                "app/__init__.py": "",
                "app/a.py": "from lib import c\nc.tf.f()\n",
            },
            "app/a.py",
            id="a module handed on by the package",
        ),
        pytest.param(
            {"base.py": COMPAT, "all.py": "from base import *\n", "a.py": "from all import *\ntf.f()\n"},
            "a.py",
            id="star of a star",
        ),
        pytest.param(
            {"base.py": COMPAT, "all.py": "from base import *\n", "a.py": "from all import tf\ntf.f()\n"},
            "a.py",
            id="name that the other module took by star",
        ),
    ],
)
def test_is_followed(tmp_path: Path, files: dict[str, str], path: str) -> None:
    assert resolved(tmp_path, files, path) == "tensorflow.f"


@pytest.mark.parametrize(
    ("files", "path"),
    [
        pytest.param(
            {"compat.py": "def tf():\n    pass\n", "a.py": "import compat\ncompat.tf.f()\n"}, "a.py", id="its own"
        ),
        pytest.param({"compat.py": COMPAT, "a.py": "import compat\ncompat.v3.f()\n"}, "a.py", id="no such name"),
        pytest.param({"a.py": "import elsewhere\nelsewhere.tf.f()\n"}, "a.py", id="a module from elsewhere"),
        pytest.param({"a.py": "from elsewhere import *\ntf.f()\n"}, "a.py", id="the star of a module from elsewhere"),
        pytest.param(
            {"compat.py": "import tensorflow as _tf\n", "a.py": "from compat import *\n_tf.f()\n"},
            "a.py",
            id="a star takes no private names",
        ),
        pytest.param(
            {
                "compat.py": "import tensorflow as tf\nif old:\n    tf = wrapped(tf)\n",
                "a.py": "import compat\ncompat.tf.f()\n",
            },
            "a.py",
            id="two meanings",
        ),
        pytest.param(
            {"a.py": "import b\nb.tf.f()\n", "b.py": "from a import tf\n"}, "a.py", id="modules that import each other"
        ),
        pytest.param(
            # `lib.c` is lib/compat.py, not the module of that name beside the file that uses it
            {
                "lib/__init__.py": "from .compat import tf\n",
                "lib/compat.py": "tf = object()\n",
                "app/compat.py": COMPAT,
                "app/a.py": "import lib\nlib.tf.f()\n",
            },
            "app/a.py",
            id="a relative name is relative to the file that holds it",
        ),
        pytest.param(
            {"compat.py": COMPAT, "a.py": "def g(compat):\n    compat.tf.f()\n"}, "a.py", id="a parameter of that name"
        ),
    ],
)
def test_is_not_followed(tmp_path: Path, files: dict[str, str], path: str) -> None:
    name = resolved(tmp_path, files, path)
    assert name is None or not name.startswith("tensorflow.")


def test_a_class_handed_on_by_a_module_keeps_its_meaning(tmp_path: Path) -> None:
    files = {"compat.py": COMPAT, "a.py": "import compat\ncompat.Spec(mode)\n"}
    assert resolved(tmp_path, files, "a.py") == SPEC


def test_v1_names_through_a_module_are_spelled_out(tmp_path: Path) -> None:
    files = {
        "compat.py": "import tensorflow as tf\n",
        "a.py": "import compat\n\nwith compat.tf.Session() as sess:\n"
        "    compat.tf.saved_model.simple_save(sess, d, i, o)\n",
    }
    write(tmp_path, files)
    result = run_codemods(discover([tmp_path]), RunOptions())
    new = {item.path: item.new.decode() for item in result.changed}
    assert "with compat.tf.compat.v1.Session() as sess:\n    export_session(sess, d, i, o)\n" in new["a.py"]
