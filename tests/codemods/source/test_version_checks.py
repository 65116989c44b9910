"""Branches that a version check reserves for TensorFlow 1, and checks that end a program on TensorFlow 2."""

from __future__ import annotations

import pytest

from codemods.source.module import Module
from codemods.source.version_checks import in_tf1_branch, refusals_of_tf2

HEAD = "import tensorflow as tf\nfrom distutils.version import LooseVersion\nfrom packaging import version\n"


def is_guarded(source: str) -> bool:
    module = Module(HEAD + source)
    (site,) = [call for call in module.calls if module.code(call.func) == "site"]
    return in_tf1_branch(module, site)


@pytest.mark.parametrize(
    "source",
    [
        'if tf.__version__ < "2":\n    site()\n',
        'if tf.__version__.startswith("1."):\n    site()\n',
        'if tf.__version__.startswith("2"):\n    pass\nelse:\n    site()\n',
        'if LooseVersion(tf.__version__) >= LooseVersion("2.0"):\n    pass\nelse:\n    site()\n',
        'if version.parse(tf.__version__) < version.parse("2.0.0"):\n    site()\n',
        'TF2 = tf.__version__[0] == "2"\nif TF2:\n    pass\nelse:\n    site()\n',
        'TF2 = tf.__version__ >= "2.0"\nif not TF2:\n    with x:\n        site()\n',
        'if int(tf.__version__.split(".")[0]) == 1 and flag:\n    site()\n',
        "major = int(tf.VERSION.split('.')[0])\nif major < 2:\n    site()\n",
        'x = site() if tf.__version__ < "2" else other()\n',
        'if a:\n    pass\nelif tf.__version__ < "2.0.0":\n    site()\n',
        "from .common import get_tf_version_tuple\nif get_tf_version_tuple() <= (1, 12):\n    site()\n",
        'if utils.tensorflow_version() < Version("2.0"):\n    site()\n',
    ],
)
def test_a_branch_for_tensorflow_1(source: str) -> None:
    assert is_guarded(source)


@pytest.mark.parametrize(
    "source",
    [
        "site()\n",
        'if tf.__version__ >= "2":\n    site()\n',
        'if tf.__version__ < "2":\n    pass\nelse:\n    site()\n',
        'if tf.__version__ < "1.4":\n    pass\nelse:\n    site()\n',
        'if tf.__version__ >= "1.4":\n    site()\n',
        "if flag < 2:\n    site()\n",
        "if version() < 2:\n    site()\n",
        "if tf_version(model) < 2:\n    site()\n",
        "if tf_version == 1:\n    site()\n",
        'if np.__version__ < "2":\n    site()\n',
        'if tf.__version__ < "2":\n    import warnings\nsite()\n',
        'if tf.__version__ < "2" or flag:\n    site()\n',
        "def f(version):\n    if version < 2:\n        site()\n",
    ],
)
def test_no_branch_for_tensorflow_1(source: str) -> None:
    assert not is_guarded(source)


@pytest.mark.parametrize(
    "check",
    [
        'assert tf.__version__[0] == "1"\n',
        'assert tf.__version__.startswith("1."), "TensorFlow 1 only"\n',
        'if tf.__version__ >= "2":\n    raise ImportError\n',
        'if version.parse(tf.__version__) < version.parse("2.0"):\n    pass\nelse:\n    raise ImportError\n',
        'if not tf.__version__.startswith("1"):\n    print("too new")\n    raise SystemExit(1)\n',
        'if tf.__version__ >= "2": sys.exit("too new")\n',
    ],
)
def test_checks_that_end_a_program_on_tensorflow_2(check: str) -> None:
    assert len(list(refusals_of_tf2(Module(HEAD + check)))) == 1


@pytest.mark.parametrize(
    "check",
    [
        'assert tf.__version__ >= "1.4"\n',
        'assert tf.__version__.startswith("2.")\n',
        "assert tf.executing_eagerly()\n",
        'if tf.__version__ < "2":\n    raise ImportError\n',
        'if tf.__version__ >= "2":\n    tf = tf.compat.v1\n',
        'if np.__version__ >= "2":\n    raise ImportError\n',
    ],
)
def test_checks_that_tensorflow_2_passes(check: str) -> None:
    assert not list(refusals_of_tf2(Module(HEAD + check)))
