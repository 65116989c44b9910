"""The rules as text: one page each, the table of all, and JSON; made from the rules themselves."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator

from codemods.rule import Example, Rule

_WIDTH = 100


def rule_page(rule: Rule) -> str:
    """Return the page that `tf1to2 explain RULE` shows."""
    return "\n".join(_page(rule)) + "\n"


def _page(rule: Rule) -> Iterator[str]:
    yield f"{rule.id} {rule.name}: {rule.summary}."
    yield ""
    yield rule.documentation()
    yield ""
    yield from textwrap.wrap(f"Why: {rule.why}", _WIDTH)
    yield f"     {rule.link}"
    yield f"Review: {rule.guidance.value}"
    for limit in rule.limits:
        yield from textwrap.wrap(f"Limit: {limit}", _WIDTH, subsequent_indent="  ")
    for example in rule.examples:
        yield ""
        yield f"Before{_circumstances(example)}:"
        yield textwrap.indent(example.before, "    ").rstrip()
        yield "After:"
        yield textwrap.indent(example.after, "    ").rstrip()


def _circumstances(example: Example) -> str:
    file = "" if example.path.endswith(".py") else f", in {example.path}"
    return file + (f", with --tensorflow {example.target}" if example.target is not None else "")


def _example(example: Example) -> dict[str, str | None]:
    target = str(example.target) if example.target is not None else None
    return {"path": example.path, "tensorflow": target, "before": example.before, "after": example.after}


def rule_table(rules: Iterable[Rule]) -> str:
    """Return the Markdown table of the rules, as the README has it."""
    lines = ["| rule | name | what it does | review |", "|---|---|---|---|"]
    lines += [f"| [{rule.id}]({rule.link}) | {rule.name} | {rule.summary} | {rule.guidance.value} |" for rule in rules]
    return "\n".join(lines) + "\n"


def rules_as_json(rules: Iterable[Rule]) -> str:
    """Return the rules as JSON."""
    described = [
        {
            "id": rule.id,
            "name": rule.name,
            "summary": rule.summary,
            "why": rule.why,
            "link": rule.link,
            "guidance": rule.guidance.value,
            "doc": rule.documentation(),
            "limits": list(rule.limits),
            "examples": [_example(item) for item in rule.examples],
        }
        for rule in rules
    ]
    return json.dumps({"version": 1, "rules": described}, indent=2, ensure_ascii=False) + "\n"
