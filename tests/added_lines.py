"""Counts the lines that each rewritten session export adds to its file, over checkouts of public repositories.

By hand: `python -m tests.added_lines CHECKOUTS`. CHECKOUTS holds one folder a repository. A site is applied alone, with
the imports that it brings; the lines of its diff that begin with `+` count. Prints median, 95th percentile and maximum
by outcome, and every site above `--over`.
"""

from __future__ import annotations

import argparse
import difflib
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from codemods.engine.decoded_file import open_document
from codemods.site import Site
from migrate.codemod.discover import discover
from migrate.codemod.options import RunOptions
from migrate.codemod.result import FileResult
from migrate.codemod.run import run_codemods

SESSION_RULES = ("SM101", "SM102", "SM103", "SM104")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--over", type=int, default=25)
    options = parser.parse_args()
    counts: dict[str, list[int]] = defaultdict(list)
    for folder in sorted(options.checkouts.iterdir()):
        for item in run_codemods(discover([folder]), RunOptions()).changed if folder.is_dir() else ():
            for site in _session_sites(item):
                added = _added(item, site)
                for group in (site.outcome.value, "all"):
                    counts[group].append(added)
                if added > options.over:
                    print(f"{added:4} {folder.name} {item.path}:{site.line} {site.rule} {site.outcome.value}")
    print(f"\n{'outcome':<10}{'sites':>7}{'median':>8}{'95th':>6}{'most':>6}")
    for group, found in sorted(counts.items()):
        print(f"{group:<10}{len(found):>7}{statistics.median(found):>8g}{_percentile(found, 95):>6}{max(found):>6}")
    return 0


def _session_sites(item: FileResult) -> Iterator[Site]:
    return (site for site in item.sites if site.rule in SESSION_RULES and site.changes)


def _added(item: FileResult, site: Site) -> int:
    new = open_document(item.path, item.old).apply([site])
    old_lines, new_lines = (data.decode(item.encoding).splitlines() for data in (item.old, new))
    lines = difflib.unified_diff(old_lines, new_lines, n=0, lineterm="")
    return sum(line.startswith("+") and not line.startswith("+++") for line in lines)


def _percentile(found: list[int], percent: int) -> int:
    return sorted(found)[max(0, -(-len(found) * percent // 100) - 1)]


if __name__ == "__main__":
    sys.exit(main())
