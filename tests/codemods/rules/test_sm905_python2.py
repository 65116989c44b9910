"""SM905: files of Python 2 are converted where --python2 asks for it, and told of where it does not."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from codemods.engine.file_plans import FilePlan, Surroundings, plan_file
from codemods.engine.planning import with_needs
from codemods.rules.registry import all_rules
from codemods.site import Outcome
from codemods.source.mode import Mode

BEFORE = (
    "import tensorflow as tf\n\nKIND = tf.float32\n\n"
    "def export(s, x, d):\n"
    "  try:\n"
    "    tf.saved_model.simple_save(s, d, {'x': x}, {'n': x / 2})\n"
    "  except IOError, e:\n"
    '    print "no", e\n'
)
AFTER = (
    "import tensorflow.compat.v1 as tf\nfrom migrate.shim import export_session\n\n"
    "tf.disable_v2_behavior()\n\nKIND = tf.float32\n\n"
    "def export(s, x, d):\n"
    "  try:\n"
    "    export_session(s, d, {'x': x}, {'n': x / 2})\n"
    "  except IOError as e:\n"
    '    print("no", e)\n'
)


def plan(source: bytes | str, *, python2: bool = True, todo: bool = False, path: str = "export.py") -> FilePlan:
    data = source.encode() if isinstance(source, str) else source
    return plan_file(path, data, all_rules(), Surroundings(Mode.GRAPH, python2=python2, todo=todo))


def test_the_file_is_converted_first() -> None:
    found = plan(BEFORE)
    assert found.apply_all().decode() == AFTER
    (conversion,) = [site for site in found.sites if site.rule == "SM905"]
    (export,) = [site for site in found.sites if site.rule == "SM101"]
    assert conversion.id in export.needs
    assert (export.line, conversion.line) == (7, 8)
    assert "line 7" in conversion.reason  # the division
    assert not any(site.changes for site in plan(AFTER).sites)


def test_every_subset_is_a_file() -> None:
    found = plan(BEFORE)
    assert found.document is not None
    for size in range(len(found.sites) + 1):
        for some in itertools.combinations(found.sites, size):
            sites = with_needs(found.sites, [site.id for site in some])
            code = found.document.apply(sites).decode()
            if any(site.changes for site in sites):
                compile(code, "export.py", "exec")
            else:
                assert code == BEFORE


def test_the_conversion_alone_changes_no_more() -> None:
    found = plan(BEFORE)
    assert found.document is not None
    alone = [site for site in found.sites if site.rule == "SM905"]
    expected = BEFORE.replace("IOError, e", "IOError as e").replace('print "no", e', 'print("no", e)')
    assert found.document.apply(alone).decode() == expected


def test_without_the_option_its_exports_are_told() -> None:
    for todo in (False, True):
        found = plan(BEFORE, python2=False, todo=todo)
        (site,) = found.sites
        assert (site.rule, site.line, site.outcome) == ("SM101", 7, Outcome.MANUAL)
        assert site.reason.startswith("Python 2: run with --python2")
        assert found.apply_all().decode() == BEFORE


def test_a_decision_holds_for_the_whole_file_alone() -> None:
    first, second = plan(BEFORE), plan(BEFORE + "x = 1\n")
    ids = [{site.id for site in each.sites if site.rule == "SM905"} for each in (first, second)]
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param("print 'no export'  # simple_save\n", "Python 2", id="nothing to export"),
        pytest.param("def f(:  # simple_save\n", "no valid Python 3", id="no Python at all"),
    ],
)
def test_other_files_fail_as_before(source: str, words: str) -> None:
    found = plan(source, python2=False)
    assert found.failure is not None
    assert words in str(found.failure)


def test_a_file_without_exports_stays_where_nothing_is_migrated() -> None:
    source = "import tensorflow as tf\nprint 'simple_save'\n"
    found = plan(source)
    assert not [site for site in found.sites if site.changes]
    assert found.document is None or found.apply_all().decode() == source


def test_a_file_of_a_migrated_program_is_converted_too() -> None:
    around = Surroundings(Mode.GRAPH, python2=True, migrates=True)
    found = plan_file("util.py", b"import os\nprint 'x'\n", all_rules(), around)
    assert found.apply_all() == b"import os\nprint('x')\n"
    found = plan_file("util.py", b"import os\nprint 'x'\n", all_rules(), replace(around, python2=False))
    assert found.failure is not None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"# -*- coding: latin-1 -*-\n" + BEFORE.encode() + b"s = u'\xe9'\n", id="latin-1"),
        pytest.param(b"\xef\xbb\xbf" + BEFORE.encode() + "s = 'é'\n".encode(), id="a BOM"),
        pytest.param(BEFORE.replace("\n", "\r\n").encode(), id="CRLF"),
    ],
)
def test_encodings_and_line_ends_stay(data: bytes) -> None:
    new = plan(data).apply_all()
    assert new.startswith(data[:3])
    assert b"\xe9" in new or b"\xe9" not in data
    assert new.count(b"\r\n") == (new.count(b"\n") if b"\r\n" in data else 0)
    assert b"export_session(s, d" in new
    assert b"except IOError as e:" in new


def test_a_selection_without_the_rule_converts_nothing() -> None:
    rules = [rule for rule in all_rules() if rule.id != "SM905"]
    found = plan_file("export.py", BEFORE.encode(), rules, Surroundings(Mode.GRAPH, python2=True))
    assert {site.outcome for site in found.sites} == {Outcome.MANUAL}


NOTEBOOK = (
    '{"cells": [\n{"cell_type": "code", "source": ["import tensorflow as tf\\n", "%matplotlib inline\\n", '
    '"print 1"]},\n'
    '{"cell_type": "code", "source": ["!ls\\n", "print d\\n", "tf.saved_model.simple_save(s, d, i, o)"]},\n'
    '{"cell_type": "code", "source": ["%%writefile {path}\\n", "import tensorflow as tf\\n", "print tf.Session"]},\n'
    '{"cell_type": "code", "source": ["tf.Session(), tf.saved_model.simple_save(s, e, i, o)\\n"]}\n],\n'
    '"nbformat": 4, "nbformat_minor": 2}\n'
)


def test_cells_of_a_notebook_are_converted() -> None:
    found = plan(NOTEBOOK, path="a.ipynb")
    new = found.apply_all().decode()
    assert '["!ls\\n", "print(d)\\n", "export_session(s, d, i, o)"]' in new
    assert '"%matplotlib inline\\n", ' in new
    assert '"print(1)"]' in new
    assert '"export_session(s, e, i, o)' not in new
    assert "export_session(s, e, i, o)" in new
    assert "SM905" in {site.rule for site in found.sites}
    assert found.document is not None
    assert found.document.apply([]).decode() == NOTEBOOK


def test_cells_of_a_notebook_are_told_of_without_the_option() -> None:
    found = plan(NOTEBOOK, python2=False, path="a.ipynb")
    waiting = [(site.cell, site.line) for site in found.sites if site.reason.startswith("Python 2")]
    assert waiting == [(1, 3)]
    new = found.apply_all().decode()
    assert '["!ls\\n", "print d\\n", "tf.saved_model.simple_save(s, d, i, o)"]' in new
    assert "export_session(s, e, i, o)" in new
