"""What the README names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from codemods.rules.registry import all_rules
from migrate.cli.rule_pages import rule_table

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMANDS = Path(__file__).parents[1] / "migrate" / "cli" / "commands"


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^tf1to2 (\w+)", README, flags=re.MULTILINE))))
def test_every_command_exists(command: str) -> None:
    assert (COMMANDS / f"{command}.py").is_file()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(\w+/)`", README))))
def test_every_folder_exists(name: str) -> None:
    root = Path(__file__).parents[1]
    assert any((base / name).is_dir() for base in (root, root / "codemods", root / "migrate"))


def test_the_table_of_rules_is_what_explain_prints() -> None:
    """After a new rule: `tf1to2 explain`, put between the two marks."""
    table = README.partition("<!-- rules -->\n")[2].partition("<!-- /rules -->")[0]
    assert table.strip() == rule_table(all_rules()).strip()
