"""Where every command prints. Nothing else of the command layer writes to the terminal.

What is printed holds names of models and files that nobody chose with a terminal in mind; here they are made visible.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from migrate.text.visible import sentence, visible

_WIDTH_OF_PIPES = 160


class VisibleConsole(Console):
    """A rich console that spells out control characters of all that it is given, its own markup apart."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render as rich does, visibly."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))

    def render_str(self, text: str, **options: Any) -> Text:
        """Convert a string as rich does; spelled out here, its width is the one that is laid out."""
        return super().render_str(visible(text), **options)

    def on_broken_pipe(self) -> None:
        """Let the caller end the command, instead of rich."""
        raise BrokenPipeError


def product_console() -> VisibleConsole:
    """Return the console of standard output, for tables and text."""
    console = VisibleConsole()
    if console.is_terminal:
        return console
    return VisibleConsole(width=max(console.width, _WIDTH_OF_PIPES))  # its own would cut a pipe's lines at 80 columns


def talk_console() -> VisibleConsole:
    """Return the console of standard error, for progress and questions."""
    return VisibleConsole(stderr=True, highlight=False)


def say(text: str) -> None:
    """Print a message on standard error.

    Raises:
        BrokenPipeError: nobody reads it.
    """
    try:
        print(sentence(text), file=sys.stderr, flush=True)
    except BrokenPipeError:
        raise
    except OSError:  # standard error is full or closed: there is nowhere to tell it, the exit status does
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - it stays open
