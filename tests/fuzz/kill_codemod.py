"""Kills `codemod --write` and `review --replay` at random moments and looks at what is left. Run by hand:

    python -m tests.fuzz.kill_codemod --kills 100 --seed 1

The process alone is killed, or its whole process group; half of the moments are spread over the whole run, half over
the time after the first file was written to. After each kill every source must be the old or the new text, byte for
byte, and no process may live on; the same command again must end well, leave nothing of its own behind, and give what
a run without a kill gives, in programs of several files too. Prints a table and the findings; exit status 1 where there
is one.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tests.faults.running import command, tf1to2
from tests.review.decisions import accepting_all

_CHECKOUT = Path(__file__).parents[2]
_SECONDS_TO_VANISH = 5.0

_SIMPLE = "import tensorflow as tf\n\ndef f{n}(s, d, i, o):\n    tf.saved_model.simple_save(s, d, i, o)\n"
_BUILDER = (
    "import tensorflow as tf\n\ndef g{n}(s, d, x, y):\n    b = tf.saved_model.builder.SavedModelBuilder(d)\n"
    "    sig = tf.saved_model.signature_def_utils.predict_signature_def({{'x': x}}, {{'y': y}})\n"
    "    b.add_meta_graph_and_variables(s, ['serve'], {{'k{n}': sig}})\n    b.save()\n"
)
# Programs of several files: `{n}` keeps their modules apart. Some of each hold no export of their own.
_PROGRAMS: tuple[dict[str, str], ...] = (
    {
        "hook{n}": "import tensorflow as tf\n\nclass Hook{n}(tf.train.SessionRunHook):\n    def end(self, session):\n"
        "        tf.saved_model.simple_save(session, 'd{n}', {{'x': self.x}}, {{'y': self.y}})\n",
        "net{n}": "import tensorflow as tf\n\ndef net(x):\n    return tf.matmul(x, tf.get_variable('w', [4, 2]))\n",
        "main{n}": "import tensorflow as tf\nfrom hook{n} import Hook{n}\nfrom net{n} import net\n\n"
        "y = net(tf.placeholder(tf.float32, [None, 4]))\n"
        "with tf.train.MonitoredTrainingSession(hooks=[Hook{n}()]) as session:\n    session.run(y)\n",
    },
    {
        "export{n}": "import tensorflow as tf\n\ndef export(model, path):\n    s = tf.keras.backend.get_session()\n"
        "    tf.saved_model.simple_save(s, path, {{'x': model.input}}, {{'y': model.output}})\n",
        "loss{n}": "import tensorflow as tf\n\ndef loss(x):\n    return tf.log(1.0 + tf.exp(x))\n",
        "train{n}": "import tensorflow as tf\nfrom export{n} import export\nfrom loss{n} import loss\n\n"
        "model = tf.keras.Sequential([tf.keras.layers.Dense(2, activation=loss)])\nexport(model, 'd{n}')\n",
    },
)
_REQUIREMENTS = "numpy\ntensorflow==1.15.5\n"
_PLAIN = "import numpy as np\n\nVALUES{n} = np.arange({n})\n"


class Verb(Enum):
    """The command that is killed."""

    CODEMOD = "codemod --write"
    REVIEW = "review --replay"


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from the start of a run to its first written file, and to its end."""

    first_write: float
    end: float


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: of the process alone, or of its group, `after` some seconds from the start or from the first write."""

    verb: Verb
    is_group: bool
    from_first_write: bool
    after: float

    @property
    def row(self) -> tuple[str, str]:
        """Its row in the table."""
        return self.verb.value, "process group" if self.is_group else "process"


def main() -> int:
    """Kill, look, run again, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--files", type=int, default=150)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="tf1to2-kill-codemod-") as name:
        place = Path(name)
        made = place / "made"
        _make(made, options.files, chance)
        accepted = place / "accepted.json"
        accepted.write_text(accepting_all(made))
        return _rounds(_Rounds(place, made, accepted), options.kills, chance)


def _rounds(rounds: _Rounds, kills: int, chance: random.Random) -> int:
    timings = {verb: rounds.timing(verb) for verb in Verb}
    counts: dict[tuple[str, str], Counter[str]] = {}
    findings: list[str] = []
    for number in range(kills):
        verb = chance.choice(list(Verb))
        timing = timings[verb]
        from_first_write = chance.random() < 0.5
        longest = timing.end - timing.first_write if from_first_write else timing.end
        kill = Kill(verb, chance.random() < 0.5, from_first_write, chance.uniform(0.0, longest))
        seen, found = rounds.look(kill)
        counts.setdefault(kill.row, Counter()).update({"kills": 1, **seen})
        findings += [f"kill {number} ({', '.join(kill.row)}, after {kill.after:.3f} s): {one}" for one in found]
    _print(counts, findings)
    return 1 if findings else 0


class _Rounds:
    """Copies of one tree, each run, killed, looked at and run again."""

    def __init__(self, place: Path, made: Path, accepted: Path) -> None:
        self._place = place
        self._made = made
        self._accepted = accepted
        self._old = _contents(made)
        self._new = self._uninterrupted()

    def timing(self, verb: Verb) -> Timing:
        """Run without a kill, and see when files change."""
        tree = self._copy()
        started = time.monotonic()
        with _start(self._arguments(verb, tree)) as process:
            _wait_for_write(process, tree)
            first = time.monotonic() - started
            process.wait()
        return Timing(first, time.monotonic() - started)

    def look(self, kill: Kill) -> tuple[dict[str, int], list[str]]:
        """Return what there was to see after a kill, counted, and what is wrong."""
        tree = self._copy()
        arguments = self._arguments(kill.verb, tree)
        was_running, orphans = _kill(arguments, kill, tree)
        after = _contents(tree)
        written = [path for path in self._new if after.get(path) != self._old[path]]
        temporary = after.keys() - self._old.keys()
        seen = {
            "too late": int(not was_running),
            "while writing": int(0 < len(written) < self._changing),
            "left temporary files": int(bool(temporary)),
        }
        findings = [f"{path} is neither the old nor the new text" for path in self._torn(after)]
        findings += [f"process {orphan} lived on" for orphan in orphans]
        again = tf1to2(*arguments)
        if again.status not in (0, 1):
            findings.append(f"the next run ended with {again.status}: {again.stderr[-300:]}")
        end = _contents(tree)
        findings += [f"{path} was left behind" for path in sorted(end.keys() - self._old.keys())]
        findings += [f"{path} is not as without a kill" for path, data in self._new.items() if end.get(path) != data]
        shutil.rmtree(tree)
        return seen, findings

    @property
    def _changing(self) -> int:
        return sum(self._old[path] != data for path, data in self._new.items())

    def _torn(self, after: Mapping[str, bytes]) -> list[str]:
        return [path for path, old in self._old.items() if after.get(path) not in (old, self._new[path])]

    def _uninterrupted(self) -> dict[str, bytes]:
        ends = []
        for verb in Verb:
            tree = self._copy()
            ended = tf1to2(*self._arguments(verb, tree))
            assert ended.status == 0, ended.said
            ends.append(_contents(tree))
            shutil.rmtree(tree)
        assert ends[0] == ends[1] and ends[0].keys() == self._old.keys(), "codemod and review disagree"
        return ends[0]

    def _copy(self) -> Path:
        return Path(shutil.copytree(self._made, Path(tempfile.mkdtemp(dir=self._place)) / "tree"))

    def _arguments(self, verb: Verb, tree: Path) -> tuple[object, ...]:
        if verb is Verb.CODEMOD:
            return "codemod", "--write", tree
        return "review", tree, "--replay", self._accepted


def _make(folder: Path, count: int, chance: random.Random) -> None:
    """Make files that are programs of their own, and programs of several files."""
    number = 0
    while number < count:
        where = folder / chance.choice([".", "one", "one/deep", "two"])
        if chance.random() < 0.2:
            texts = {f"{name.format(n=number)}.py": text for name, text in chance.choice(_PROGRAMS).items()}
        else:
            texts = {f"m{number:03}.py": chance.choice([_SIMPLE, _SIMPLE, _BUILDER, _PLAIN])}
        for name, text in texts.items():
            _write(where / name, text.format(n=number), chance)
        number += len(texts)
    (folder / "requirements.txt").write_text(_REQUIREMENTS)


def _write(path: Path, text: str, chance: random.Random) -> None:
    # Larger files take longer to write.
    text += "".join(f"# {chance.random()}\n" for _ in range(chance.choice([0, 10, 300])))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.replace("\n", chance.choice(["\n", "\n", "\r\n"])).encode())


def _contents(folder: Path) -> dict[str, bytes]:
    found = {}
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
        except FileNotFoundError:  # a temporary file of a run under way
            continue
    return found


def _start(arguments: tuple[object, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(*arguments),
        env={**os.environ, "PYTHONPATH": str(_CHECKOUT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait_for_write(process: subprocess.Popen[bytes], tree: Path) -> None:
    """Wait until something is made beside a file, or the process ends."""
    folders = [path for path in (tree, *tree.rglob("*")) if path.is_dir()]
    before = [folder.stat().st_mtime_ns for folder in folders]
    while process.poll() is None and [folder.stat().st_mtime_ns for folder in folders] == before:
        time.sleep(0.001)


def _kill(arguments: tuple[object, ...], kill: Kill, tree: Path) -> tuple[bool, list[int]]:
    """Start and kill; tell whether it still ran, and which processes of its group live on."""
    with _start(arguments) as process:
        if kill.from_first_write:
            _wait_for_write(process, tree)
        try:
            process.wait(kill.after)
            return False, []
        except subprocess.TimeoutExpired:
            if kill.is_group:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
    given_up = time.monotonic() + _SECONDS_TO_VANISH
    while (orphans := _members(process.pid)) and time.monotonic() < given_up:
        time.sleep(0.05)
    for orphan in orphans:
        os.kill(orphan, signal.SIGKILL)
    return True, orphans


def _members(group: int) -> list[int]:
    """Return the living processes of a process group, where the system tells."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, its_group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it ended meanwhile
            continue
        if int(its_group) == group and state != "Z":
            found.append(int(folder.name))
    return found


def _print(counts: Mapping[tuple[str, str], Counter[str]], findings: list[str]) -> None:
    columns = ("kills", "too late", "while writing", "left temporary files")
    print(f"{'command':<18}{'killed':<16}" + "".join(f"{column:>22}" for column in columns))
    for row in sorted(counts):
        print(f"{row[0]:<18}{row[1]:<16}" + "".join(f"{counts[row][column]:>22}" for column in columns))
    print(f"{len(findings)} finding(s)")
    for one in findings:
        print(f"  {one}")


if __name__ == "__main__":
    sys.exit(main())
