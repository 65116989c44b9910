"""What becomes of the models of a plan, with both steps replaced by fakes: dead processes, failed proofs, refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from migrate.errors import Tf1to2Error
from migrate.legacy.read import readable
from migrate.processes.results import Died, Finished, Raised, TimedOut
from migrate.rewrap_tree import run as module
from migrate.rewrap_tree.plan import Job
from migrate.rewrap_tree.row import Row, RowOutcome
from migrate.rewrap_tree.run import Settings, run
from migrate.rewrap_tree.tasks import Cause, NotWritten, WriteTask, Written
from migrate.verify.fresh_process import ProofTask
from migrate.verify.proof import Loading, Outcome, Proof, SignatureCheck, WeightCheck

PASSED = Proof("", "", weights=WeightCheck(1, 1))
FAILED = Proof("", "", weights=WeightCheck(1, 0, ("the variable 'v' differs.",)))
UNPROVEN = Proof(
    "",
    "",
    (),
    (SignatureCheck("s", Loading.TF2, Outcome.NOT_RUN, reason="it needs a server"),),
    weights=WeightCheck(0, 0),
)


class FakeWorkers:
    """Runs the calls in this process, through what the test put in place of the steps."""

    write: Callable[[WriteTask], Any]
    prove: Callable[[ProofTask], Any]

    def __init__(self, count: int, **_: object) -> None:
        self.count = count

    def __enter__(self) -> FakeWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def call(self, function: Callable[[Any], Any], task: Any) -> Any:
        return type(self).write(task) if isinstance(task, WriteTask) else type(self).prove(task)


@pytest.fixture(autouse=True)
def fake_workers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(module, "Workers", FakeWorkers)
    monkeypatch.setattr(module, "readable", lambda source: None)
    FakeWorkers.write = staticmethod(write_one)
    FakeWorkers.prove = staticmethod(lambda task: Finished(PASSED))
    yield


def write_model(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_text("new")


def written(name: str = "", tags: str = "serve") -> Written:
    return Written(name, frozenset({tags}), ("serving_default",), 3, ())


def write_one(task: WriteTask) -> Finished[tuple[Written, ...]]:
    write_model(task.target)
    return Finished((written(),))


def write_two(task: WriteTask) -> Finished[tuple[Written, ...]]:
    for name in ("serve", "train"):
        write_model(task.target / name)
    return Finished((written("serve"), written("train", "train")))


def outcome_of(tmp_path: Path, **settings: Any) -> Row:
    ((row,),) = run([Job(tmp_path / "old", tmp_path / "new" / "out")], Settings(**settings))
    return row


def left(tmp_path: Path) -> list[str]:
    return sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())


def test_a_proven_model_is_put_in_place(tmp_path: Path) -> None:
    row = outcome_of(tmp_path)
    assert row.outcome is RowOutcome.REWRAPPED
    assert (row.signatures, row.variables) == (("serving_default",), 3)
    assert row.proof is not None
    assert (row.proof.old, row.proof.new) == (str(tmp_path / "old"), str(tmp_path / "new" / "out"))
    assert left(tmp_path) == ["new/out/saved_model.pb"]


def test_without_a_proof(tmp_path: Path) -> None:
    FakeWorkers.prove = staticmethod(lambda task: pytest.fail("must not be called"))
    row = outcome_of(tmp_path, proof=None)
    assert (row.outcome, row.proof) == (RowOutcome.REWRAPPED, None)


def test_a_failed_proof_leaves_nothing(tmp_path: Path) -> None:
    FakeWorkers.prove = staticmethod(lambda task: Finished(FAILED))
    row = outcome_of(tmp_path)
    assert row.outcome is RowOutcome.PROOF_FAILED
    assert row.notes == ("the variable 'v' differs.",)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_proof_can_be_kept_under_a_name_that_says_so(tmp_path: Path) -> None:
    FakeWorkers.prove = staticmethod(lambda task: Finished(FAILED))
    row = outcome_of(tmp_path, keep_failed=True)
    assert row.target == tmp_path / "new" / "out.failed"
    assert "was kept as" in row.notes[-1]
    assert left(tmp_path) == ["new/out.failed/saved_model.pb"]


def test_a_proof_that_could_not_be_completed_is_told(tmp_path: Path) -> None:
    FakeWorkers.prove = staticmethod(lambda task: Finished(UNPROVEN))
    row = outcome_of(tmp_path)
    assert row.outcome is RowOutcome.NOT_PROVEN
    assert row.notes == ("signature 's' was not compared: it needs a server",)
    assert left(tmp_path) == ["new/out/saved_model.pb"]


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (Died("killed by SIGABRT", ("Check failed: x",)), "TensorFlow died (killed by SIGABRT): Check failed: x"),
        (TimedOut(5.0), "longer than 5 s"),
        (Raised(ValueError("odd\nmore")), "ValueError: odd."),
    ],
)
def test_a_proof_that_dies_is_a_failed_proof(tmp_path: Path, result: Any, words: str) -> None:
    FakeWorkers.prove = staticmethod(lambda task: result)
    row = outcome_of(tmp_path)
    assert row.outcome is RowOutcome.PROOF_FAILED
    assert words in row.notes[0]
    assert list(tmp_path.iterdir()) == []


def test_an_original_that_cannot_be_loaded_proves_nothing_and_is_refused(tmp_path: Path) -> None:
    FakeWorkers.prove = staticmethod(lambda task: Raised(Tf1to2Error("the original cannot be loaded.")))
    row = outcome_of(tmp_path, keep_failed=True)
    assert row.outcome is RowOutcome.REFUSED
    assert row.notes == ("the original cannot be loaded; --no-verify writes the new model unproven.",)
    assert list(tmp_path.iterdir()) == []


def test_a_dead_process_is_a_row_and_leaves_nothing(tmp_path: Path) -> None:
    def die(task: WriteTask) -> Died:
        write_model(task.target)  # half-written
        return Died("killed by SIGSEGV", ())

    FakeWorkers.write = staticmethod(die)
    row = outcome_of(tmp_path)
    assert row.outcome is RowOutcome.CRASHED
    assert "killed by SIGSEGV" in row.notes[0]
    assert list(tmp_path.iterdir()) == []


def test_tracebacks_of_what_nobody_expected_are_kept_for_debugging(tmp_path: Path) -> None:
    FakeWorkers.write = staticmethod(lambda task: Raised(ValueError("odd"), "Traceback: in write"))
    assert outcome_of(tmp_path).traceback == "Traceback: in write"
    unexpected = NotWritten("", frozenset(), Cause.UNEXPECTED, "why.", "Traceback: in rewrap")
    FakeWorkers.write = staticmethod(lambda task: Finished((unexpected,)))
    assert outcome_of(tmp_path).traceback == "Traceback: in rewrap"
    FakeWorkers.write = staticmethod(write_one)
    FakeWorkers.prove = staticmethod(lambda task: Raised(ValueError("odd"), "Traceback: in prove"))
    assert outcome_of(tmp_path).traceback == "Traceback: in prove"


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (Cause.NATIVE, RowOutcome.NOTHING_TO_DO),
        (Cause.REFUSED, RowOutcome.REFUSED),
        (Cause.UNEXPECTED, RowOutcome.CRASHED),
    ],
)
def test_what_was_not_written(tmp_path: Path, cause: Cause, outcome: RowOutcome) -> None:
    FakeWorkers.write = staticmethod(lambda task: Finished((NotWritten("", frozenset(), cause, "why."),)))
    row = outcome_of(tmp_path)
    assert (row.outcome, row.notes) == (outcome, ("why.",))
    assert list(tmp_path.iterdir()) == []


def test_several_meta_graphs_are_published_together(tmp_path: Path) -> None:
    FakeWorkers.write = staticmethod(write_two)
    ((first, second),) = run([Job(tmp_path / "old", tmp_path / "out")], Settings())
    assert (first.target, second.target) == (tmp_path / "out" / "serve", tmp_path / "out" / "train")
    assert left(tmp_path) == ["out/serve/saved_model.pb", "out/train/saved_model.pb"]


@pytest.mark.parametrize(
    ("keep", "names"), [(False, ["out/serve"]), (True, ["out/serve", "out/train.failed"])], ids=["drop", "keep"]
)
def test_one_failed_meta_graph_does_not_take_the_other_along(tmp_path: Path, keep: bool, names: list[str]) -> None:
    FakeWorkers.write = staticmethod(write_two)
    FakeWorkers.prove = staticmethod(lambda task: Finished(FAILED if "train" in task.options.model.tags else PASSED))
    ((first, second),) = run([Job(tmp_path / "old", tmp_path / "out")], Settings(keep_failed=keep))
    assert (first.outcome, second.outcome) == (RowOutcome.REWRAPPED, RowOutcome.PROOF_FAILED)
    assert left(tmp_path) == [f"{name}/saved_model.pb" for name in names]


def test_if_all_fail_the_kept_ones_are_still_there(tmp_path: Path) -> None:
    FakeWorkers.write = staticmethod(write_two)
    FakeWorkers.prove = staticmethod(lambda task: Finished(FAILED))
    list(run([Job(tmp_path / "old", tmp_path / "out")], Settings(keep_failed=True)))
    assert left(tmp_path) == ["out/serve.failed/saved_model.pb", "out/train.failed/saved_model.pb"]


def test_an_old_folder_of_meta_graphs_is_replaced_whole(tmp_path: Path) -> None:
    write_model(tmp_path / "out")
    FakeWorkers.write = staticmethod(write_two)
    list(run([Job(tmp_path / "old", tmp_path / "out")], Settings(replace=True)))
    assert left(tmp_path) == ["out/serve/saved_model.pb", "out/train/saved_model.pb"]


def test_one_bad_model_does_not_stop_the_rest(tmp_path: Path) -> None:
    def write(task: WriteTask) -> Any:
        return Died("killed by SIGABRT", ()) if task.source.name == "2" else write_one(task)

    FakeWorkers.write = staticmethod(write)
    jobs = [Job(tmp_path / "old" / name, tmp_path / "out" / name) for name in ("1", "2", "3")]
    rows = [row for rows in run(jobs, Settings()) for row in rows]
    assert [row.outcome for row in rows] == [RowOutcome.REWRAPPED, RowOutcome.CRASHED, RowOutcome.REWRAPPED]
    assert left(tmp_path) == ["out/1/saved_model.pb", "out/3/saved_model.pb"]


def test_bad_input_is_refused_before_any_process_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "readable", readable)
    FakeWorkers.write = staticmethod(lambda task: pytest.fail("must not be called"))
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "saved_model.pb").write_bytes(b"")
    row = outcome_of(tmp_path)
    assert row.outcome is RowOutcome.REFUSED
    assert "is empty" in row.notes[0]


def test_a_target_that_cannot_be_written_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("a file")
    row = outcome_of(tmp_path)
    assert row.outcome is RowOutcome.REFUSED
    assert "cannot be made" in row.notes[0]
