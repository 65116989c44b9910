"""`tf1to2 explain`: what a rule does, with an example, and why."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    rule: Annotated[str | None, typer.Argument(metavar="[RULE]", help="SM101, or its name; all rules without.")] = None,
    json_file: Annotated[
        str | None, typer.Option("--json", metavar="FILE|-", help="Write it as JSON, to stdout for -.")
    ] = None,
) -> None:
    """Explain a rule of the codemods: what it rewrites, before and after, why, and its limits."""
    from codemods.errors import CodemodError
    from codemods.rules.registry import all_rules, find_rule
    from migrate.cli.rule_pages import rule_page, rule_table, rules_as_json
    from migrate.cli.streams import put
    from migrate.errors import Tf1to2Error

    try:
        chosen = (find_rule(rule),) if rule is not None else all_rules()
    except CodemodError as error:
        raise Tf1to2Error(f"{error}.") from error
    if json_file is not None:
        put(json_file, rules_as_json(chosen))
    else:
        put("-", rule_page(chosen[0]) if rule is not None else rule_table(chosen))
