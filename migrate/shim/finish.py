"""The last step of every export: from the TF1 SavedModel of a live graph to a native TF2 SavedModel.

A TF2 SavedModel is written eagerly. A process that has v2 behaviour disabled cannot, so there a fresh one does it:

    python -m migrate.shim.finish LEGACY_DIR TARGET
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from migrate.errors import RefusedModelError, Tf1to2Error

_PROJECT = Path(__file__).parents[2]
_FAILED = 2
_LOST = "lost default: "


def finish_native(legacy_dir: Path, target: Path) -> None:
    """Writes the native TF2 SavedModel of the TF1 SavedModel in `legacy_dir` to `target`, which must not exist.

    Warns of inputs that clients could leave out, and cannot any more.

    Raises:
        RefusedModelError: the model cannot be rewritten without changing what its clients see.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:  # the caller may stand in a v1 graph, which is the thread's own
        if not thread.submit(_has_v2_behavior).result():
            lost = _finish_in_fresh_process(legacy_dir, target)
        else:
            lost = thread.submit(_finish_here, legacy_dir, target).result()
    for sentence in lost:
        warnings.warn(sentence, stacklevel=2)


def _has_v2_behavior() -> bool:
    import tensorflow as tf

    return (
        tf.executing_eagerly()
        and tf.compat.v1.resource_variables_enabled()
        and tf.compat.v1.control_flow_v2_enabled()
        and isinstance(tf.TensorShape([1])[0], int)
    )


def _finish_here(legacy_dir: Path, target: Path) -> tuple[str, ...]:
    from migrate.legacy.read import read_models  # late: TensorFlow code, needed only now
    from migrate.native_module.native_form import write_joined
    from migrate.preflight.allowed_ops import EVERY_OP

    # It is the caller's own graph, run by the caller already: TensorFlow 1 wrote it as it is, too.
    return write_joined(read_models(legacy_dir), target, EVERY_OP)


def _finish_in_fresh_process(legacy_dir: Path, target: Path) -> tuple[str, ...]:
    """Not by `multiprocessing`, which would run the caller's script again when it has no `__main__` guard."""
    paths = [str(_PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-m", "migrate.shim.finish", str(legacy_dir), str(target)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == _FAILED and done.stdout.strip():
        raise RefusedModelError(done.stdout.strip())
    if done.returncode != 0:
        last_words = " ".join(done.stderr.strip().splitlines()[-3:])
        raise Tf1to2Error(f"The process that writes the TF2 SavedModel ended with {done.returncode}: {last_words}")
    return tuple(line.removeprefix(_LOST) for line in done.stdout.splitlines() if line.startswith(_LOST))


def _main(arguments: list[str]) -> int:
    legacy_dir, target = map(Path, arguments)
    try:
        lost = _finish_here(legacy_dir, target)
    except Tf1to2Error as error:
        sys.stdout.write(f"{error}\n")
        return _FAILED
    sys.stdout.writelines(f"{_LOST}{sentence}\n" for sentence in lost)
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
