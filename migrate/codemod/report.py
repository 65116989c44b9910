"""The report of a run as JSON, schema version 1."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from codemods.site import Outcome, Site
from migrate.codemod.result import FileResult, FileStatus, LeftOut, RunResult
from migrate.text.json_text import json_text

SCHEMA_VERSION = 1


def tool_name() -> str:
    """Return name and version of this tool."""
    try:
        return f"tf1to2 {version('tf1to2')}"
    except PackageNotFoundError:  # run from a source tree
        return "tf1to2"


def as_json(result: RunResult) -> str:
    """Return the report as a JSON document."""
    report = {
        "version": SCHEMA_VERSION,
        "tool": tool_name(),
        "root": str(result.root),
        "tensorflow": str(result.target),
        "summary": _summary(result),
        "files": [_file(item) for item in result.files],
    }
    return json_text(report)


def _summary(result: RunResult) -> dict[str, Any]:
    outcomes = result.outcomes
    return {
        "files_seen": result.files_seen,
        "files_matched": len(result.files),
        "files_changed": result.count(FileStatus.CHANGED),
        "files_failed": result.count(FileStatus.FAILED),
        "sites": {outcome.value: outcomes[outcome] for outcome in Outcome},
        "seconds": round(result.seconds, 3),
        "left_out": _left_out(result.left_out),
    }


def _left_out(left_out: LeftOut) -> dict[str, Any]:
    return {
        "ignored_files": left_out.ignored_files,
        "ignored_folders": left_out.ignored_folders,
        "too_large": list(left_out.too_large),
        "unreadable": list(left_out.unreadable),
        "no_files": list(left_out.no_files),
    }


def _file(item: FileResult) -> dict[str, Any]:
    return {
        "path": item.path,
        "status": item.status.value,
        "error": item.error,
        "mode": item.mode.value,
        "sites": [_site(site) for site in item.sites],
    }


def _site(site: Site) -> dict[str, Any]:
    return {
        "id": site.id,
        "rule": site.rule,
        "symbol": site.symbol,
        "line": site.line,
        "col": site.col,
        "cell": site.cell,
        "outcome": site.outcome.value,
        "reason": site.reason,
        "guidance": site.guidance.value,
    }
