"""`--allow-ops`: with names behind it, with `=`, or bare."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.cli.allow_ops import _with_values, allowed_ops
from migrate.errors import Tf1to2Error


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["MODEL", "--allow-ops"], "*"),
        (["--allow-ops", "-o", "OUT", "MODEL"], "*"),
        (["MODEL", "--allow-ops", "WriteFile", "-o", "OUT"], "WriteFile"),
        (["MODEL", "--allow-ops", "WriteFile,ReadFile"], "WriteFile,ReadFile"),
        (["MODEL", "--allow-ops=WriteFile"], "WriteFile"),
        # What cannot be the name of an op, or is there as a file, is an argument of its own.
        (["--allow-ops", "some/model", "-o", "OUT"], "*"),
        (["--allow-ops", "Model", "-o", "OUT"], "*"),
    ],
)
def test_values(arguments: list[str], value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Model").mkdir()
    given = _with_values(arguments)
    assert f"--allow-ops={value}" in given
    rest = [argument for argument in arguments if not argument.startswith("--allow-ops")]
    assert [argument for argument in given if not argument.startswith("--allow-ops=")] == [
        argument for argument in rest if argument != value
    ]


def test_without_the_option_nothing_changes() -> None:
    assert _with_values(["MODEL", "-o", "OUT"]) == ["MODEL", "-o", "OUT"]
    assert "WriteFile" not in allowed_ops(None)


def test_what_is_allowed() -> None:
    assert "WriteFile" in allowed_ops("*")
    some = allowed_ops("WriteFile, TFText>Tokenize")
    assert "WriteFile" in some
    assert "TFText>Tokenize" in some
    assert "ReadFile" not in some


@pytest.mark.parametrize("wrong", ["", ",", "Write File", "a/b", "*,WriteFile"])
def test_what_is_no_name_of_an_op(wrong: str) -> None:
    with pytest.raises(Tf1to2Error, match="--allow-ops takes names of ops"):
        allowed_ops(wrong)
