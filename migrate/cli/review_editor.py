"""Lets a person edit a piece of text in the editor of their choice."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess

from migrate.errors import Tf1to2Error
from migrate.files.scratch import scratch_folder


def edit(text: str, suffix: str) -> str:
    """Return the text as it is when the editor ends.

    Raises:
        Tf1to2Error: The editor cannot be started, fails, or leaves no text.
    """
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ("notepad" if os.name == "nt" else "vi")
    with scratch_folder() as folder:
        path = folder / f"change{suffix}"
        path.write_bytes(text.encode())
        # Ctrl-C in the editor is for the editor; a handler, unlike SIG_IGN, is not handed down to it.
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            status = subprocess.run([*shlex.split(command), str(path)], check=False).returncode
        except (OSError, ValueError) as error:
            raise Tf1to2Error(f"The editor {command!r} cannot be started ({error}): set EDITOR.") from error
        finally:
            signal.signal(signal.SIGINT, before)
        if status != 0:
            raise Tf1to2Error(f"The editor {command!r} ended with status {status}; the change was not accepted.")
        try:
            return path.read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise Tf1to2Error(f"What the editor left cannot be read as UTF-8 text ({error}).") from error
