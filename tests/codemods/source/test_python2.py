"""Python 2 into Python 3: what changes, what stays to the byte, and what is no Python 2."""

from __future__ import annotations

import ast

import pytest

from codemods.source.python2 import converted


def after(text: str) -> str:
    found = converted(text)
    assert found is not None
    ast.parse(found.after)
    assert found.before == text
    return found.after


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ('print "a"\n', 'print("a")\n'),
        ("print >>f, a,\n", "print(a, end=' ', file=f)\n"),
        ("try:\n  f()\nexcept (A, B), e:\n  raise C, 'x'\n", "try:\n  f()\nexcept (A, B) as e:\n  raise C('x')\n"),
        ("x = 0777 <> `y` + 1L\n", "x = 0o777 != repr(y) + 1\n"),
        ("exec 'x' in d\nfor k in d.iterkeys(): pass\n", "exec('x', d)\nfor k in d.keys(): pass\n"),
        (
            "from __future__ import print_function\nprint(a, file=f)\nexec 'x'\n",
            "from __future__ import print_function\nprint(a, file=f)\nexec('x')\n",
        ),
    ],
)
def test_becomes(before: str, expected: str) -> None:
    assert after(before) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = 1\r\nprint 'x'\r\nb = '''\r\n'''\r\n", id="CRLF"),
        pytest.param("a = 1\r\nprint 'x'\nb = 2\r\n", id="two kinds of line ends"),
        pytest.param("a = 1\nprint 'x'\nb = 2", id="no line end at the end"),
        pytest.param("a = 1\nprint 'x'", id="no line end after what changes"),
        pytest.param("# é \u2028 \x0c\nprint 'x'\ns = 'a\\tb'   \n\n\n", id="odd characters and blanks"),
    ],
)
def test_the_rest_stays_to_the_byte(text: str) -> None:
    assert after(text) == text.replace("print 'x'", "print('x')")


def test_tabs_beside_blanks_become_blanks_where_python_3_needs_it() -> None:
    before = "if a:\n        print 1\n\tprint '''\n\tx'''\n"
    assert after(before) == "if a:\n        print(1)\n        print('''\n\tx''')\n"
    assert after("if a:\n\tprint 1\n\tprint 2\n") == "if a:\n\tprint(1)\n\tprint(2)\n"


@pytest.mark.parametrize(
    "text", ["x = 1\n", "print('a')\n", "if a\n  b\n", "this is text\n", "", "(" * 5000, "def f(:\n", "x = 'é\n"]
)
def test_what_is_no_python_2(text: str) -> None:
    assert converted(text) is None


def test_divisions_are_told() -> None:
    text = "print 1\na = b / 2\nc = b / 2.0\nd = float(b) / 2\ne /= n\nf = b // 2\n"
    found = converted(text)
    assert found is not None
    assert found.divisions == (2, 5)
    found = converted("from __future__ import division\n" + text)
    assert found is not None
    assert found.divisions == ()


def test_lines_are_those_of_the_old_code() -> None:
    found = converted("import a\nprint reduce(f, x)\nb = 1\nc = 2\n")
    assert found is not None
    lines = found.after.splitlines()
    assert found.line_before(lines.index("c = 2") + 1) == 4
