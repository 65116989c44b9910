"""Finds the rules: every class with an id in a module `codemods/rules/sm<number>_<name>.py`."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable
from functools import lru_cache

from codemods import rules
from codemods.engine.runnable import RunnableRule
from codemods.errors import UnknownRuleError

_RULE_MODULE = re.compile(r"sm\d+_\w+")


@lru_cache(maxsize=1)
def all_rules() -> tuple[RunnableRule, ...]:
    """Return one instance of every rule, by id."""
    found: list[RunnableRule] = []
    for info in pkgutil.iter_modules(rules.__path__):
        if not _RULE_MODULE.fullmatch(info.name):
            continue
        module = importlib.import_module(f"{rules.__name__}.{info.name}")
        for item in vars(module).values():
            if (
                isinstance(item, type)
                and issubclass(item, RunnableRule)
                and item.id
                and item.__module__ == module.__name__
            ):
                found.append(item())
    return tuple(sorted(found, key=lambda rule: rule.id))


def find_rule(name: str) -> RunnableRule:
    """Return the rule with this id or name.

    Raises:
        UnknownRuleError: There is none.
    """
    for rule in all_rules():
        if name.upper() == rule.id or name.lower() == rule.name.lower():
            return rule
    known = ", ".join(rule.id for rule in all_rules())
    raise UnknownRuleError(f"no rule {name!r}; the rules are {known}")


def select_rules(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[RunnableRule, ...]:
    """Return the selected rules (all where `select` is empty) without the ignored; `SM1` means all that begin so.

    Raises:
        UnknownRuleError: An entry matches no rule.
    """
    chosen = {rule.id for entry in select for rule in _matching(entry)} or {rule.id for rule in all_rules()}
    chosen -= {rule.id for entry in ignore for rule in _matching(entry)}
    return tuple(rule for rule in all_rules() if rule.id in chosen)


def _matching(entry: str) -> list[RunnableRule]:
    prefix = [rule for rule in all_rules() if rule.id.startswith(entry.upper())]
    return prefix or [find_rule(entry)]
