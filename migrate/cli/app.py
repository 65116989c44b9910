"""Assembles the commands: every module of `migrate.cli.commands` that defines `register(app)` is one.

Adding a command adds a module and edits nothing here. Every failure becomes one message and an exit status here.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import shlex
import signal
import sys
import threading
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import typer

from migrate.cli import commands
from migrate.cli.console import say
from migrate.cli.exit_status import BROKEN_PIPE, FAILED, INTERRUPTED, TERMINATED
from migrate.cli.standard_streams import prepare_streams
from migrate.errors import Tf1to2Error


@dataclass(frozen=True, slots=True)
class Invocation:
    """What holds for every command; the `obj` of its context."""

    debug: bool = False


class Terminated(BaseException):
    """SIGTERM was received: everything unwinds as it does after Ctrl-C."""


def build_app() -> typer.Typer:
    """Return the Typer application with every command registered, in the order of their module names."""
    app = typer.Typer(
        name="tf1to2",
        help="Take TensorFlow 1 model saving to TensorFlow 2.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for module_info in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{module_info.name}").register(app)
    return app


def main() -> NoReturn:
    """Run the command line and exit: 0 done, 1 something needs a person, 2 could not do it."""
    prepare_streams()
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    # TensorFlow's C++ log drowns the product; a value set by the user stays.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    _unwind_on_sigterm()
    status = _ended(Invocation(debug))
    sys.exit(_flushed() or status)


def _flushed() -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return BROKEN_PIPE
    except Tf1to2Error as error:
        say(f"tf1to2: {error}")
        return FAILED
    return 0


def _ended(invocation: Invocation) -> int:
    """Run the command and return its exit status; what it raises is told in a sentence."""
    try:
        return _run(invocation)
    except Tf1to2Error as error:
        if invocation.debug:
            raise
        say(f"tf1to2: {error}")
        return FAILED
    except BrokenPipeError:
        return BROKEN_PIPE
    except Terminated:
        say("tf1to2: ended by SIGTERM; nothing is half-made.")
        return TERMINATED
    except Exception as error:  # the last net: whatever comes here is a defect
        if invocation.debug:
            raise
        say(_unexpected(error))
        return FAILED


def _run(invocation: Invocation) -> int:
    try:
        status = build_app()(sys.argv[1:] or ["--help"], obj=invocation, standalone_mode=False)
    except SystemExit:
        return BROKEN_PIPE  # what typer makes of one
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except Exception as error:
        told = getattr(error, "format_message", None)  # an error in the arguments, whose class typer does not export
        if told is None:
            raise
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "tf1to2"
        say(f"tf1to2: {told().strip().rstrip('.')}. `{command} --help` lists what it takes.")
        status = FAILED
    if status == INTERRUPTED:
        say("tf1to2: interrupted; nothing is half-made.")
    return int(status or 0)


def _unwind_on_sigterm() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    signal.signal(signal.SIGTERM, _terminate)
    # A forked process has nothing of ours to clean up, and nobody to tell.
    os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated


def _unexpected(error: Exception) -> str:
    """Return the sentence for an error that no command tells: the system's words, or that it is a defect."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        # A name that is too long, a folder that goes meanwhile: nothing of this program.
        return f"tf1to2: {os.fsdecode(error.filename)}: {error.strerror.lower()}; give another path, or mend this one."
    first_line = (str(error).strip().splitlines() or ["no message"])[0]
    command = shlex.join(["tf1to2", *sys.argv[1:]])
    return (
        f"tf1to2: `{command}` failed in an unexpected way ({type(error).__name__}: {first_line}). This is a defect of "
        "tf1to2; --debug shows where."
    )
