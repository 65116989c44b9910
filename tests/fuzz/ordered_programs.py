"""Runs more recorded programs than the tests do: `python -m tests.fuzz.ordered_programs FILE [--repeats 10]`.

FILE is what `fixtures/ordered_programs/make.py --seed N --output FILE` wrote with TensorFlow 1.15.5. Prints how many
programs were tried and each result that differs, and exits with status 1 where one does.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.ordered_programs import differences, read_programs


def main() -> None:
    """Compare all programs of a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--repeats", type=int, default=3, help="of the calls of each program")
    options = parser.parse_args()
    graphs = read_programs(options.file)
    found = [one for graph in graphs for one in differences(graph, options.repeats)]
    for one in found:
        print(one)
    print(f"{sum(len(graph.programs) for graph in graphs)} programs, {len(found)} differences")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
