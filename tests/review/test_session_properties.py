"""Whatever is answered in whatever order: the files hold exactly what was accepted."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from codemods.engine.decoded_file import open_document
from migrate.review.agenda import Agenda, agenda_of
from migrate.review.files import review_files
from migrate.review.publishing import Publisher, Scope
from migrate.review.record import stored_review
from migrate.review.resume import resume
from migrate.review.session import Answer, Review, answered, start
from migrate.review.stored import StoredReview, as_text, parse
from tests.review.files import SIMPLE_SAVE, numbered_agenda, planned

ANSWERS = st.lists(st.sampled_from(list(Answer)), max_size=25)
NAMES = "abcdef"


@st.composite
def agendas(draw: st.DrawFn) -> Agenda:
    files = {}
    for name in ("one", "two"):
        sites = NAMES[: draw(st.integers(1, len(NAMES)))]
        files[name] = {site: "".join(draw(st.sets(st.sampled_from(sites), max_size=2)) - {site}) for site in sites}
    return numbered_agenda(**files)


def accepted_lines(review: Review, path: str) -> bytes:
    """What the file must be, without the code under test: `a = 1` where `a` is accepted."""
    lines = []
    for item in sorted(review.agenda.of_file(path), key=lambda item: item.site.line):
        decision = review.decisions.get(item.key)
        lines.append(f"{item.key[-1]} = {int(decision is not None and decision.is_accepted)}\n")
    return "".join(lines).encode()


@given(agendas(), ANSWERS)
@settings(max_examples=150, deadline=None)
def test_files_hold_exactly_the_accepted_changes(agenda: Agenda, answers: list[Answer]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for file in agenda.files:
            (root / file.path).write_bytes(file.old)
        publisher = Publisher(root, agenda, {})
        review = start(agenda)
        for answer in answers:
            review = answered(review, answer).review
            publisher.settle(review, Scope.COMPLETE)
            for file in agenda.files:
                complete = review.is_complete(file.path)
                assert (root / file.path).read_bytes() == (accepted_lines(review, file.path) if complete else file.old)
        publisher.settle(review, Scope.ACCEPTED)
        for file in agenda.files:
            assert (root / file.path).read_bytes() == accepted_lines(review, file.path)
        assert not publisher.conflicts and publisher.is_settled(review)
        publisher.settle(review, Scope.NONE)
        for file in agenda.files:
            assert (root / file.path).read_bytes() == file.old
        assert not publisher.changed


@given(agendas(), ANSWERS)
@settings(max_examples=150, deadline=None)
def test_dependencies_hold_in_every_state(agenda: Agenda, answers: list[Answer]) -> None:
    review = start(agenda)
    for answer in answers:
        review = answered(review, answer).review
        for key, decision in review.decisions.items():
            linked = agenda.needs[key] if decision.is_accepted else agenda.needed_by[key]
            assert all(review.decisions[other].verdict is decision.verdict for other in linked)
        assert (review.at is None) == (not review.undecided)
        assert review.at not in review.decisions


@given(agendas(), ANSWERS)
@settings(max_examples=100, deadline=None)
def test_undo_goes_back_through_every_decision(agenda: Agenda, answers: list[Answer]) -> None:
    states = [start(agenda)]
    for answer in answers:
        after = answered(states[-1], answer).review
        if answer is Answer.UNDO:
            states = states[:-1] or states
        elif after.decisions is not states[-1].decisions:
            states.append(after)
        assert after.decisions == states[-1].decisions
        states[-1] = after
    review = states[-1]
    for expected in reversed(states[:-1]):
        review = answered(review, Answer.UNDO).review
        assert review.decisions == expected.decisions
    assert not review.decisions


@given(agendas(), ANSWERS)
@settings(max_examples=100, deadline=None)
def test_a_stored_review_is_taken_up_as_it_was_left(agenda: Agenda, answers: list[Answer]) -> None:
    review = start(agenda)
    for answer in answers:
        review = answered(review, answer).review
    text = as_text(stored_review(review, StoredReview(), {}), "tf1to2")
    resumed = resume(agenda, parse(Path("x"), text.encode()).decisions, lambda _: True)
    assert dict(resumed.review.decisions) == dict(review.decisions)
    assert not resumed.kept
    back, again = review, resumed.review
    while back.before is not None:
        back, again = answered(back, Answer.UNDO).review, answered(again, Answer.UNDO).review
        assert dict(again.decisions) == dict(back.decisions)
    assert again.before is None


SOURCES = {
    "export.py": SIMPLE_SAVE,
    "crlf.py": SIMPLE_SAVE.replace("\n", "\r\n").replace('"x"', '"é"'),
    "builder.py": "import tensorflow as tf\n\n\ndef export(sess, path, sig):\n"
    "    b = tf.saved_model.builder.SavedModelBuilder(path)\n    b.add_meta_graph_and_variables(sess, ['serve'], "
    "signature_def_map={'serving_default': sig})\n    b.save()\n",
    "requirements.txt": "tensorflow==1.15\nnumpy\n",
}


@functools.lru_cache(maxsize=1)
def real_agenda() -> Agenda:
    with tempfile.TemporaryDirectory() as folder:
        return agenda_of(review_files(planned(Path(folder), SOURCES)))


@given(ANSWERS)
@settings(max_examples=60, deadline=None)
def test_planned_changes_of_real_rules(answers: list[Answer]) -> None:
    agenda = real_agenda()
    review = start(agenda)
    for answer in answers:
        review = answered(review, answer).review
    for file in agenda.files:
        sites = [item.site for item in agenda.of_file(file.path)]
        accepted = [
            item.site
            for item in agenda.of_file(file.path)
            if item.key in review.decisions and review.decisions[item.key].is_accepted
        ]
        if file.document is not None:
            assert review.content(file.path) == open_document(file.path, file.old).apply(accepted)
        if not accepted:
            assert review.content(file.path) == file.old
        assert len(sites) >= 1
