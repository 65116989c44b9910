"""The report of a run as SARIF 2.1.0, in the form that GitHub's code scanning takes."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

from codemods.rule import Rule
from codemods.rules.registry import all_rules
from codemods.site import Outcome, Site
from migrate.codemod.report import tool_name
from migrate.codemod.result import FileResult, FileStatus, RunResult
from migrate.text.json_text import json_text

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# `skip` is on purpose: shown, but nothing to do.
_LEVELS = {Outcome.MANUAL: "warning", Outcome.SKIP: "note", Outcome.NATIVE: "note", Outcome.SHIM: "note"}
_KINDS = {Outcome.SKIP: "informational"}


def as_sarif(result: RunResult) -> str:
    """Return the report as a SARIF document; places are relative to the root of the run."""
    rules = {rule.id: rule for rule in all_rules()}
    used = [rules[name] for name in sorted({site.rule for item in result.files for site in item.sites})]
    numbers = {rule.id: number for number, rule in enumerate(used)}
    name, _, number = tool_name().partition(" ")
    run = {
        "tool": {
            "driver": {
                "name": name,
                "version": number or "0",
                "informationUri": "https://pypi.org/project/tf1to2/",
                "rules": [_rule(rule) for rule in used],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"uri": result.root.as_uri() + "/"}},
        "results": [_result(item, site, numbers[site.rule]) for item in result.files for site in item.sites],
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    _notification(item) for item in result.files if item.status is FileStatus.FAILED
                ],
            }
        ],
    }
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.why or rule.summary},
        "helpUri": rule.link,
        "help": {"text": rule.documentation() or rule.summary},
        "defaultConfiguration": {"level": "warning"},
    }


def _result(item: FileResult, site: Site, number: int) -> dict[str, Any]:
    outcome = {"ruleId": site.rule, "ruleIndex": number, "level": _LEVELS[site.outcome]}
    if site.outcome in _KINDS:
        # A kind other than `fail` goes with the level `none` only.
        outcome |= {"kind": _KINDS[site.outcome], "level": "none"}
    cell = f" (line {site.line} of cell {site.cell})" if site.cell is not None else ""
    return outcome | {
        "message": {"text": f"{site.symbol}: {site.outcome.value}: {site.reason}{cell}"},
        "locations": [{"physicalLocation": _location(item, site)}],
        "partialFingerprints": {"tf1to2SiteId/v1": site.id},
        "properties": {"outcome": site.outcome.value, "guidance": site.guidance.value, "mode": item.mode.value},
    }


def _location(item: FileResult, site: Site) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": _artifact(item.path)}
    # A line within a cell is no line of the notebook's file.
    place["region"] = (
        {"startLine": 1} if site.cell is not None else {"startLine": site.line, "startColumn": site.col + 1}
    )
    return place


def _artifact(path: str) -> dict[str, Any]:
    return {"uri": quote(os.fsencode(path)), "uriBaseId": "SRCROOT"}


def _notification(item: FileResult) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": f"{item.path}: {item.error}"},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(item.path)}}],
    }
