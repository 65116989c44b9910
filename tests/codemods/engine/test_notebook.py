"""Notebooks: cells as Python, and JSON that stays byte for byte around a change."""

from __future__ import annotations

import ast
import json

import pytest

from codemods.engine.decoded_file import open_document
from codemods.engine.file_plans import Surroundings, plan_file
from codemods.engine.notebook import masked_cell, modules_of
from codemods.engine.notebook_json import read_cells
from codemods.errors import UnparsableSourceError
from codemods.rules.registry import all_rules
from codemods.rules.sm101_simple_save import SimpleSave
from codemods.source.mode import Mode


def notebook(*cells: list[str] | str, indent: int | None = 1) -> str:
    """Return a notebook of code cells, with a markdown cell before them."""
    code: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {},
            "outputs": [{"text": ["tf.Session é"]}],
            "source": cell,
        }
        for cell in cells
    ]
    first = {"cell_type": "markdown", "metadata": {}, "source": ["# tf.saved_model.simple_save(sess)"]}
    return json.dumps({"cells": [first, *code], "nbformat": 4, "nbformat_minor": 2}, indent=indent) + "\n"


def migrated(text: str) -> str:
    plan = plan_file("a.ipynb", text.encode(), [SimpleSave()])
    assert plan.failure is None
    assert plan.document is not None
    return plan.document.apply(plan.sites).decode()


def test_changes_only_the_lines_of_the_cell() -> None:
    before = notebook(
        ["%matplotlib inline\n", "import tensorflow as tf\n", "x = tf.zeros([1])"],
        ["!ls\n", "tf.saved_model.simple_save(sess, d, i, o)\n", "path = !pwd"],
    )
    after = migrated(before)
    old, new = before.splitlines(), after.splitlines()
    gone = [line.strip() for line in old if line not in new]
    come = [line.strip() for line in new if line not in old]
    assert gone == ['"tf.saved_model.simple_save(sess, d, i, o)\\n",']
    assert come == ['"from migrate.shim import export_session\\n",', '"export_session(sess, d, i, o)\\n",']
    assert json.loads(after)["cells"][1]["outputs"] == json.loads(before)["cells"][1]["outputs"]
    assert migrated(after) == after


@pytest.mark.parametrize("indent", [None, 1, 2, 4])
def test_keeps_the_form_of_the_json(indent: int | None) -> None:
    before = notebook(
        ["import tensorflow as tf\n", "tf.saved_model.simple_save(s, d, i, o)\n", "tf.Session()"], indent=indent
    )
    after = migrated(before)
    assert json.dumps(json.loads(after), indent=indent) + "\n" == after


def test_source_as_one_string() -> None:
    before = notebook("import tensorflow as tf\ntf.saved_model.simple_save(s, d, i, o)\ntf.Session()")
    source = json.loads(migrated(before))["cells"][1]["source"]
    assert (
        source
        == "import tensorflow as tf\nfrom migrate.shim import export_session\nexport_session(s, d, i, o)\ntf.Session()"
    )


def test_reports_the_line_within_the_cell() -> None:
    text = notebook(["import tensorflow as tf"], [], ["\n", "x = 1\n", "tf.saved_model.simple_save(s, d, i, o)"])
    (site,) = plan_file("a.ipynb", text.encode(), [SimpleSave()]).sites
    assert (site.cell, site.line, site.col) == (3, 3, 0)


def test_written_files_are_modules_of_their_own() -> None:
    text = notebook(
        ["%%writefile task.py\n", "import tensorflow as tf\n"],
        ["%%writefile -a task.py\n", "def f(s):\n", "    tf.saved_model.simple_save(s, d, i, o)\n"],
        ["simple_save = 1  # no TensorFlow in this cell\n", "tf.saved_model.simple_save(s, d, i, o)\n"],
    )
    after = json.loads(migrated(text))["cells"]
    assert after[1]["source"] == ["%%writefile task.py\n", "from migrate.shim import export_session\n"]
    assert after[2]["source"][2] == "    export_session(s, d, i, o)\n"
    assert after[3]["source"] == json.loads(text)["cells"][3]["source"]


@pytest.mark.parametrize(
    "cell",
    [
        "%matplotlib inline\nx = 1",
        "!pip install \\\n  tensorflow\nx = 1",
        "if x:\n    !ls\nelse:\n    pass",
        "files = !ls -l\nx = 1",
        "?help\nhelp?\nx.y??",
        "%%time\nx = 1",
        "%%bash\necho 'it is' && ls |",
        "%load_ext x\ny = (1\n  % 2)",
        "print 'python 2'",
        "",
    ],
)
def test_masked_cells_are_python_of_the_same_length(cell: str) -> None:
    masked = masked_cell(cell)
    ast.parse(masked)
    assert [len(line) for line in masked.split("\n")] == [len(line) for line in cell.split("\n")]


def test_what_is_python_already_is_not_masked() -> None:
    cell = 'text = """\n%matplotlib\n!ls\n"""\nx = (1\n% 2)\n'
    assert masked_cell(cell) == cell


@pytest.mark.parametrize(
    "text", ["", "{", '{"cells": [', "[]", '{"cells": [{"cell_type": "code", "source": 1}]}', "null"]
)
def test_no_notebook(text: str) -> None:
    with pytest.raises(UnparsableSourceError):
        open_document("a.ipynb", text.encode())


def test_old_formats() -> None:
    cell = {"cell_type": "code", "input": ["import tensorflow as tf\n"], "language": "python", "outputs": []}
    (module,) = modules_of(read_cells(json.dumps({"nbformat": 3, "worksheets": [{"cells": [cell]}]})))
    assert module.text == "import tensorflow as tf\n"


def test_a_notebook_without_sites_is_left_alone() -> None:
    text = notebook(["print('simple_save')"], ["%matplotlib inline"])
    plan = plan_file("a.ipynb", text.encode(), all_rules())
    assert plan.sites == ()


def test_a_cell_of_python_2_still_imports_for_the_others() -> None:
    before = notebook(
        ["import os\n", "import tensorflow as tf\n", "print 'TensorFlow', tf.__version__\n", "if x:\n", "    import y"],
        ["tf.saved_model.simple_save(sess, d, i, o)"],
    )
    assert "export_session(sess, d, i, o)" in migrated(before)


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(["%%bash\n", "import tensorflow as tf"], id="another language"),
        pytest.param(['text = """\n', "import tensorflow as tf\n", '"""\n', "print text"], id="in a string"),
        pytest.param(["def f():\n", "    import tensorflow as tf\n", "    print tf"], id="in a function"),
    ],
)
def test_what_only_looks_like_an_import_of_such_a_cell(cell: list[str]) -> None:
    before = notebook(cell, ["tf.saved_model.simple_save(sess, d, i, o)"])
    assert migrated(before) == before


def cells_after(*cells: str) -> list[str]:
    """Return the sources of the code cells of a program in graph mode after all rules."""
    text = notebook(*cells)
    for _ in range(2):
        plan = plan_file("a.ipynb", text.encode(), all_rules(), Surroundings(Mode.GRAPH, migrates=True))
        assert plan.document is not None
        new = plan.document.apply(plan.sites).decode()
        assert new == text or text == notebook(*cells), "a second run changes the notebook"
        text = new
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"][1:]]


EXPORT = "sess = tf.Session()\ntf.saved_model.simple_save(sess, d, i, o)"
EXPORTED = "sess = tf.Session()\nexport_session(sess, d, i, o)"
SWITCHED = "import tensorflow.compat.v1 as tf\nfrom migrate.shim import export_session\n\ntf.disable_v2_behavior()"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            ["import tensorflow as tf", EXPORT],
            [SWITCHED, EXPORTED],
            id="at the end of its cell",
        ),
        pytest.param(
            ["import os", "import tensorflow as tf\nx = tf.placeholder(tf.int32)", EXPORT],
            [
                "import os",
                SWITCHED + "\n\nx = tf.placeholder(tf.int32)",
                EXPORTED,
            ],
            id="in the cell that imports TensorFlow, which is not the first",
        ),
    ],
)
def test_v2_behaviour_is_switched_off_once_tensorflow_has_its_name(before: list[str], after: list[str]) -> None:
    assert cells_after(*before) == after


AT_CELL_ENDS = [
    pytest.param(
        ["import numpy as np\nfrom tensorflow.contrib.session_bundle import exporter", "n = 224  # of input images"],
        ["import numpy as np", "n = 224  # of input images"],
        id="an import of contrib in the last line",
    ),
    pytest.param(["from tensorflow.contrib import slim", "n = 224"], ["", "n = 224"], id="the whole cell"),
    pytest.param(
        ["import numpy as np\nfrom tensorflow.saved_model import simple_save", "n = 224  # of input images"],
        ["import numpy as np\nfrom migrate.shim import export_session", "n = 224  # of input images"],
        id="an import whose only use goes",
    ),
    pytest.param(
        ["import numpy as np\n\nfrom tensorflow.saved_model import simple_save\n", "\n\nn = 224"],
        ["import numpy as np\n\nfrom migrate.shim import export_session", "\n\nn = 224"],
        id="line breaks at the border",
    ),
]


@pytest.mark.parametrize(("before", "expected"), AT_CELL_ENDS)
def test_what_goes_at_the_end_of_a_cell_takes_nothing_of_the_next(before: list[str], expected: list[str]) -> None:
    call = "simple_save" if "simple_save" in before[0] else "tf.compat.v1.saved_model.simple_save"
    head = "import tensorflow as tf\nprint(tf.__version__)"
    source = notebook(head, *before, f"{call}(sess, path, {{'x': x}}, {{'y': y}})")
    plan = plan_file("a.ipynb", source.encode(), all_rules())
    assert plan.document is not None
    _, _, first, second, last = json.loads(plan.document.apply(plan.sites))["cells"]
    assert ["".join(first["source"]).rstrip("\n"), "".join(second["source"])] == expected
    assert "".join(last["source"]) == "export_session(sess, path, {'x': x}, {'y': y})"


@pytest.mark.parametrize(
    "name", ["{path}", "$path", "{os.path.join(d, 'task.py')}", '"{folder}/task"', "{folder}/task.py", "-a {path}"]
)
def test_a_file_that_a_variable_names_is_python_where_it_parses(name: str) -> None:
    code = ["import tensorflow as tf\n", "tf.saved_model.simple_save(s, d, i, o)\n"]
    after = json.loads(migrated(notebook([f"%%writefile {name}\n", *code])))["cells"][1]["source"]
    assert after[0] == f"%%writefile {name}\n"
    assert after[-1] == "export_session(s, d, i, o)\n"


@pytest.mark.parametrize(
    "body",
    [
        ["trainingInput:\n", "  scaleTier: simple_save\n"],
        ["FROM tensorflow/tensorflow:1.15\n", "RUN simple_save\n"],
        ["tf.saved_model.simple_save(s, d, i, o)\n", "and some text\n"],
    ],
)
def test_other_files_that_a_variable_names_stay(body: list[str]) -> None:
    before = notebook(["import tensorflow as tf\n"], ["%%writefile {path}\n", *body])
    assert migrated(before) == before
