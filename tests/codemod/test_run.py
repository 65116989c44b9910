"""A run over a folder: programs of several files, their mode, what is written, and what is left alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from codemods.site import Outcome
from codemods.source.mode import Mode
from migrate.codemod.diff import unified_diff
from migrate.codemod.discover import discover
from migrate.codemod.grouping import groups
from migrate.codemod.options import RunOptions
from migrate.codemod.project import imported_names
from migrate.codemod.result import FileStatus, RunResult
from migrate.codemod.run import run_codemods
from migrate.codemod.writing import replace_file
from migrate.errors import Tf1to2Error

EXPORT = (
    "import tensorflow as tf\n\ndef export(sess, d, x, y):\n"
    "    tf.saved_model.simple_save(sess, d, {'x': x}, {'y': y})\n"
)
MODEL = "import tensorflow as tf\n\ndef model(x):\n    return x * tf.get_variable('w', [])\n"
MAIN = (
    "import tensorflow as tf\nfrom lib import model\nfrom lib.export import export\n\n"
    "x = tf.placeholder(tf.float32)\nwith tf.Session() as s:\n    export(s, 'd', x, model.model(x))\n"
)


def make(folder: Path, **files: str) -> Path:
    """Write files; `pkg_SLASH_a` stands for `pkg/a.py`."""
    for name, text in files.items():
        path = folder / (name.replace("_SLASH_", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def run(folder: Path, **options: object) -> RunResult:
    return run_codemods(discover([folder]), RunOptions(**options))  # type: ignore[arg-type]


def texts(result: RunResult) -> dict[str, str]:
    return {item.path: item.new.decode() for item in result.changed}


def test_files_of_one_program_share_its_mode(tmp_path: Path) -> None:
    make(
        tmp_path,
        main=MAIN,
        lib_SLASH_model=MODEL,
        lib_SLASH_export=EXPORT,
        other="import tensorflow as tf\ntf.Session()\n",
    )
    result = run(tmp_path)
    assert set(texts(result)) == {"main.py", "lib/model.py", "lib/export.py"}
    assert {item.mode for item in result.files} == {Mode.GRAPH}
    assert texts(result)["lib/model.py"] == MODEL.replace(
        "import tensorflow as tf", "import tensorflow.compat.v1 as tf"
    )
    assert texts(result)["main.py"].count("tf.disable_v2_behavior()") == 1
    assert "disable_v2_behavior" not in texts(result)["lib/export.py"]


def test_a_program_started_by_a_file_without_tensorflow_switches_it_off_in_what_it_imports(tmp_path: Path) -> None:
    starred = MAIN.replace("import tensorflow as tf\n", "from graph import *\n")
    make(
        tmp_path, run="from main import *\n", main=starred, graph=MODEL, lib_SLASH_model=MODEL, lib_SLASH_export=EXPORT
    )
    result = texts(run(tmp_path))
    assert "disable_v2_behavior()" in result["main.py"]
    assert "run.py" not in result


def test_a_program_of_several_files_is_self_contained_as_a_whole(tmp_path: Path) -> None:
    make(tmp_path, main=MAIN, lib_SLASH_model=MODEL, lib_SLASH_export=EXPORT)
    assert any("migrate" in text for text in texts(run(tmp_path)).values())
    assert not any("migrate" in text for text in texts(run(tmp_path, self_contained=True)).values())


KERAS_EXPORT = (
    "model = tf.keras.models.load_model('m.h5')\ntf.compat.v1.saved_model.simple_save(\n"
    "    tf.compat.v1.keras.backend.get_session(), 'out', {'x': model.input}, {'y': model.output})\n"
)


def test_v2_behaviour_is_off_before_code_of_the_repository_builds(tmp_path: Path) -> None:
    network = "import keras\n\ndef build():\n    return keras.Sequential([keras.layers.Dense(2)])\n"
    head = "import os\nfrom nets.cnn import build\n\n"
    export = (
        "import tensorflow as tf\nfrom keras import backend as K\n\n"
        "tf.saved_model.simple_save(K.get_session(), 'd', {'x': x}, outputs(model))\n"
    )
    make(tmp_path, nets_SLASH_cnn=network, main=f"{head}model = build()\n{export}", other=f"{head}{export}")
    switched = texts(run(tmp_path))
    assert switched["main.py"].index("tf.disable_v2_behavior()") < switched["main.py"].index("model = build()")
    assert switched["main.py"].index("import tensorflow.compat.v1 as tf") < switched["main.py"].index("tf.disable_v2")
    assert switched["other.py"].count("disable_v2_behavior") == 1


@pytest.mark.parametrize(
    ("switch", "mode"),
    [
        ("tf.compat.v1.disable_eager_execution()\n", Mode.GRAPH),
        ("tf.compat.v1.disable_v2_behavior()\n", Mode.GRAPH),
        ("with tf.GradientTape() as tape:\n    pass\ntf.compat.v1.disable_eager_execution()\n", Mode.GRAPH),
        ("tf.compat.v1.enable_eager_execution()\n", Mode.EAGER),
        ("", Mode.EAGER),
    ],
)
def test_a_program_that_switches_to_graphs_runs_in_graph_mode(switch: str, mode: Mode, tmp_path: Path) -> None:
    make(tmp_path, main=f"import tensorflow as tf\n{switch}{KERAS_EXPORT}")
    result = run(tmp_path)
    assert [item.mode for item in result.files] == [mode]
    assert ("ExportArchive" in texts(result)["main.py"]) is (mode is Mode.EAGER)


def test_the_mode_can_be_given(tmp_path: Path) -> None:
    make(tmp_path, export=EXPORT)
    assert [item.mode for item in run(tmp_path, mode=Mode.EAGER).files] == [Mode.EAGER]


def test_a_name_that_another_file_takes_is_not_dropped(tmp_path: Path) -> None:
    make(tmp_path, a=EXPORT.replace("\n\n", "\n", 1), b="from a import *\ntf.Session()\n")
    assert "import tensorflow.compat.v1 as tf" in texts(run(tmp_path))["a.py"]


def test_a_symbol_through_another_file_is_found(tmp_path: Path) -> None:
    make(tmp_path, pkg_SLASH_compat="import tensorflow as tf\ntfv1 = tf.compat.v1\n", pkg_SLASH___init__="")
    make(
        tmp_path,
        pkg_SLASH_export="from .compat import tfv1\n\ndef f(s):\n    tfv1.saved_model.simple_save(s, d, i, o)\n",
    )
    (site,) = [site for item in run(tmp_path).files for site in item.sites if site.rule == "SM101"]
    assert site.outcome is Outcome.SHIM


@pytest.mark.parametrize(
    "text",
    [
        "import numpy\n",
        "import tensorflow as tf\ntf.Session()\n",
        "import tensorflow as tf\nmodel.save('d')\n",
        "",
        "simple_save\n",
    ],
)
def test_without_an_export_not_one_byte_changes(tmp_path: Path, text: str) -> None:
    make(tmp_path, a=text, b="from a import *\n")
    assert run(tmp_path).changed == ()


def test_a_file_that_does_not_parse_ends_nothing(tmp_path: Path) -> None:
    make(tmp_path, a=EXPORT, b="print 'simple_save'\n", c="simple_save(\n")
    (tmp_path / "d.ipynb").write_text('{"cells": [ simple_save')
    result = run(tmp_path)
    assert {item.path: item.status.value for item in result.files} == {
        "a.py": "changed",
        "b.py": "failed",
        "c.py": "failed",
        "d.ipynb": "failed",
    }


def test_results_are_the_same_in_one_process_and_in_several(tmp_path: Path) -> None:
    make(
        tmp_path,
        main=MAIN,
        lib_SLASH_model=MODEL,
        lib_SLASH_export=EXPORT,
        **{f"x{number}": EXPORT for number in range(40)},
    )
    assert run(tmp_path, jobs=1).files == run(tmp_path, jobs=2).files


def test_tests_are_skipped_but_on_request(tmp_path: Path) -> None:
    make(tmp_path, tests_SLASH_test_a=EXPORT)
    assert run(tmp_path).changed == ()
    assert len(run(tmp_path, include_tests=True).changed) == 1


def test_select_and_ignore(tmp_path: Path) -> None:
    make(tmp_path, a=EXPORT)
    assert {site.rule for item in run(tmp_path, select=("SM101",)).files for site in item.sites} == {"SM101"}
    assert run(tmp_path, ignore=("SM1",)).files == ()


def test_todo_comments_mark_what_a_person_must_decide(tmp_path: Path) -> None:
    source = (
        "import tensorflow as tf\nif x:\n\tb = tf.saved_model.Builder(d)\n"
        "\tb.add_meta_graph_and_variables(s, t)\n\tb.save()\n"
    )
    make(tmp_path, a=source)
    assert run(tmp_path).changed == ()
    marked = texts(run(tmp_path, todo=True))["a.py"]
    assert "\t# TODO(tf1to2): SM102: it exports no signature" in marked
    make(tmp_path, a=marked)
    assert run(tmp_path, todo=True).changed == ()


def test_requirements_beside_changed_code(tmp_path: Path) -> None:
    make(tmp_path / "app", a=EXPORT)
    (tmp_path / "app" / "requirements.txt").write_text("tensorflow>=1.15\n")
    (tmp_path / "requirements.txt").write_text("tensorflow==1.15\n")
    result = run(tmp_path)
    assert [item.path for item in result.changed] == ["app/a.py", "app/requirements.txt"]
    assert "tf1to2" in texts(result)["app/requirements.txt"]
    assert [item.path for item in run(tmp_path / "app" / "a.py").changed] == ["a.py"]


def test_a_patch_that_git_applies(tmp_path: Path) -> None:
    old = {"a b.py": "x\r\ny", "c.py": "1\n2\n", "d.py": "no newline", "é.py": "z\n"}
    new = {"a b.py": "x\r\ny\r\n", "c.py": "1\n3\n", "d.py": "still none", "é.py": "zz\n"}
    for name, text in old.items():
        (tmp_path / name).write_bytes(text.encode())
    patch = "".join(unified_diff(name, old[name], new[name]) for name in old)
    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=tmp_path, check=True)
    assert {name: (tmp_path / name).read_bytes().decode() for name in old} == new


def test_writing_keeps_mode_and_links(tmp_path: Path) -> None:
    target, link = tmp_path / "a.py", tmp_path / "link.py"
    target.write_text("old")
    target.chmod(0o754)
    link.symlink_to(target)
    replace_file(link, b"old", b"new")
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o754
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "link.py"]


def test_a_file_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "a.py"
    target.write_text("newer")
    with pytest.raises(Tf1to2Error, match="changed since it was read"):
        replace_file(target, b"old", b"new")
    assert target.read_text() == "newer"


@pytest.mark.parametrize("name", ["nothing", "a.txt"])
def test_arguments_that_are_no_source(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(Tf1to2Error):
        discover([tmp_path / name])


def test_folders_that_tools_make_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, a=EXPORT, venv_SLASH_lib_SLASH_b=EXPORT, build_SLASH_c=EXPORT)
    make(tmp_path / ".git", d=EXPORT)
    make(tmp_path / "pkg" / "build", e=EXPORT, __init__="")
    assert discover([tmp_path]).paths == ("a.py", "pkg/build/__init__.py", "pkg/build/e.py")


def test_a_link_to_a_file_of_the_run_is_left_to_that_file(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    make(tmp_path / "repository", a=EXPORT)
    elsewhere.write_text(EXPORT)
    (tmp_path / "repository" / "link.py").symlink_to("a.py")
    (tmp_path / "repository" / "other.py").symlink_to(elsewhere)
    (tmp_path / "repository" / "gone.py").symlink_to("nowhere.py")
    assert discover([tmp_path / "repository"]).paths == ("a.py", "other.py")


def test_what_a_file_imports() -> None:
    source = (
        b"import a, b.c as d\nfrom .e import (f,\n  g as h)\nfrom i import *  # j\n    from k import l\n'import m'\n"
    )
    found = [(item.module, item.name) for item in imported_names(source)]
    assert found == [("a", None), ("b.c", None), (".e", "f"), (".e", "g"), ("i", "*"), ("k", "l")]


def test_groups_are_programs_that_hold_a_changed_file() -> None:
    imports = {
        "main.py": frozenset({"export.py", "model.py"}),
        "export.py": frozenset(),
        "model.py": frozenset({"util.py"}),
        "other.py": frozenset({"util.py"}),
        "lone.py": frozenset(),
    }
    (group,) = groups(["export.py"], imports)
    assert group.members == {"main.py", "export.py", "model.py", "util.py"}
    assert group.imported == {"export.py", "model.py", "util.py"}


def test_a_defect_in_a_rule_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from codemods.rules.sm101_simple_save import SimpleSave

    def broken(*_: object) -> None:
        raise IndexError("oops")

    make(tmp_path, a=EXPORT)
    monkeypatch.setattr(SimpleSave, "plan", broken)
    (item,) = run(tmp_path, jobs=1).files
    assert item.status is FileStatus.FAILED
    assert item.error is not None
    assert "defect" in item.error


V2_EXPORT = (
    "import tensorflow as tf\n\ndef export(graph, d, x, y):\n    with tf.compat.v1.Session(graph=graph) as sess:\n"
    "        tf.compat.v1.saved_model.simple_save(sess, d, {'x': x}, {'y': y})\n"
)
V2_STEP = "import tensorflow as tf\n\n@tf.function\ndef step(x):\n    return tf.keras.layers.Dense(1)(x)\n"


def test_a_program_of_tensorflow_2_keeps_its_names_its_mode_and_its_keras(tmp_path: Path) -> None:
    make(tmp_path, export=V2_EXPORT, step=V2_STEP, main="import tensorflow as tf\nimport export, step\n")
    make(tmp_path, tool="import tensorflow as tf\nfrom export import export\nprint(tf.reduce_sum([1]))\n")
    result = run(tmp_path)
    assert {item.mode for item in result.files} == {Mode.EAGER}
    assert texts(result) == {
        "export.py": V2_EXPORT.replace("tf.compat.v1.saved_model.simple_save", "export_session").replace(
            "as tf\n", "as tf\nfrom migrate.shim import export_session\n", 1
        )
    }


def test_one_name_of_tensorflow_1_makes_it_a_program_of_tensorflow_1(tmp_path: Path) -> None:
    make(tmp_path, export=V2_EXPORT, step=V2_STEP, main="import tensorflow as tf\nimport export, step\ntf.Session()\n")
    result = run(tmp_path)
    assert {item.mode for item in result.files} == {Mode.GRAPH}
    assert "tf.disable_v2_behavior()" in texts(result)["main.py"]


def test_a_part_of_a_package_does_not_switch_v2_behaviour_off(tmp_path: Path) -> None:
    make(tmp_path, pkg_SLASH___init__="from .layers import model\nfrom .saving import export\n")
    main = MAIN.replace("from lib.export", "from pkg").replace("from lib", "from pkg")
    make(tmp_path, pkg_SLASH_layers=MODEL, pkg_SLASH_saving=EXPORT, main=main)
    result = texts(run(tmp_path))
    assert set(result) == {"main.py", "pkg/layers.py", "pkg/saving.py"}
    assert {path for path, text in result.items() if "disable_v2_behavior" in text} == {"main.py"}
