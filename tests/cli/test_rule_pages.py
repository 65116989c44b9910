"""The README's table of rules is the one that the rules make."""

from __future__ import annotations

from pathlib import Path

from codemods.rules.registry import all_rules
from migrate.cli.rule_pages import rule_page, rule_table

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_has_the_table_of_the_rules() -> None:
    """To renew it: `tf1to2 explain`, between the two `rules` comments."""
    text = README.read_text(encoding="utf-8")
    table = text.partition("<!-- rules -->\n")[2].partition("<!-- /rules -->")[0]
    assert table == rule_table(all_rules())


def test_every_rule_has_a_page() -> None:
    for rule in all_rules():
        page = rule_page(rule)
        assert page.startswith(f"{rule.id} {rule.name}")
        assert rule.link in page
