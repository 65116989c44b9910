"""What a proof found; plain values that travel between processes. TensorFlow is not imported."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from migrate.preflight.model_options import ModelOptions

SECONDS_PER_REQUEST = 30.0


class Outcome(Enum):
    """What the comparison of one signature with the original gave, from best to worst."""

    BIT_EXACT = "bit-exact"
    WITHIN_TOLERANCE = "within tolerance"
    NONDETERMINISTIC = "by chance in the original"
    NOT_RUN = "not run"
    DIFFERENT = "different"


class Loading(Enum):
    """A way to load the new model; always from a copy that was moved."""

    TF2 = "tf.saved_model.load"
    TF1_SESSION = "TF1 loader in a Session"
    SECOND_SAVE = "second save, loaded again"


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """One signature of the new model, loaded one way, beside the original run by the TF1 loader.

    Attributes:
        requests: how many requests were compared, each with every output.
        max_absolute, max_relative: the largest differences of float outputs; 0.0 when bit-exact.
        reason: for DIFFERENT and NOT_RUN the cause in words, else empty.
        nondeterministic: outputs that differ between two runs of the original itself with other random numbers, with
            the request's number; their dtypes and shapes are compared, their values are not.
    """

    signature: str
    loading: Loading
    outcome: Outcome
    requests: int = 0
    max_absolute: float = 0.0
    max_relative: float = 0.0
    reason: str = ""
    nondeterministic: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightCheck:
    """The variables of the original's state after its init op, beside the loaded new model's.

    Attributes:
        compared: how many variables of the original hold a value; partitioned ones count once, whole.
        equal: how many of them the new model holds under the same name, with the same dtype, shape and bits.
        differences: one sentence for each of the others.
        by_chance: variables that the original's own init op fills with random numbers; not among the compared.
    """

    compared: int
    equal: int
    differences: tuple[str, ...] = ()
    by_chance: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """The new model beside the old one.

    Attributes:
        old, new: the two folders.
        tags: the tags of the compared MetaGraphDefs.
        checks: every signature of the old model, by every way of loading.
        contract: what a client would see changed, one sentence each: keys, dtypes, shapes, method names, tags, assets.
        weights: None when the new model could not be loaded.
        structure: what differs in the graph and the functions, be it reached by a request or not, one sentence each.
        failures: what went wrong with the new model as a whole (it does not load, TensorFlow aborted, time ran out).
        notes: what a person may want to know and what changes no client.
        seconds: wall time of the proof.
    """

    old: str
    new: str
    tags: tuple[str, ...] = ()
    checks: tuple[SignatureCheck, ...] = ()
    contract: tuple[str, ...] = ()
    weights: WeightCheck | None = None
    structure: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def different(self) -> bool:
        """Whether something was shown to differ from the original."""
        return bool(
            self.failures
            or self.contract
            or self.structure
            or any(check.outcome is Outcome.DIFFERENT for check in self.checks)
            or (self.weights is not None and self.weights.differences)
        )

    @property
    def unproven(self) -> tuple[SignatureCheck, ...]:
        """The checks that could not be run, because the original itself fails on every input that was tried."""
        return tuple(check for check in self.checks if check.outcome is Outcome.NOT_RUN)

    @property
    def passed(self) -> bool:
        """Whether everything was compared and nothing differs."""
        return not self.different and not self.unproven and self.weights is not None

    @property
    def by_chance(self) -> tuple[tuple[str, str], ...]:
        """Signature and output (with the request's number) of what the original itself draws by chance."""
        found = ((check.signature, output) for check in self.checks for output in check.nondeterministic)
        return tuple(dict.fromkeys(found))

    @property
    def bit_exact(self) -> bool:
        """Whether the proof passed and every compared number is the same bit for bit."""
        exact = (Outcome.BIT_EXACT, Outcome.NONDETERMINISTIC)
        return self.passed and all(check.outcome in exact for check in self.checks)

    @property
    def causes(self) -> tuple[str, ...]:
        """Everything that differs, one sentence each, the gravest first."""
        checks = (
            f"signature {check.signature!r} by {check.loading.value}: {check.reason}"
            for check in self.checks
            if check.outcome is Outcome.DIFFERENT
        )
        weights = self.weights.differences if self.weights is not None else ()
        return (*self.failures, *self.contract, *self.structure, *weights, *checks)


@dataclass(frozen=True, slots=True)
class ProofOptions:
    """How to compare.

    Attributes:
        rtol, atol: floats within `atol + rtol * |original|` are within tolerance. All other dtypes must be equal.
        inputs: a `.npz` or `.json` file with inputs to use in place of generated ones.
        model: which MetaGraph of the old model is compared (by default the only one, or the one whose tags the new
            model has), and what either model may run and needs.
        seconds_per_request: how long a model may work on one request, or on its initialisation, before it is stopped.
    """

    rtol: float = 1e-5
    atol: float = 1e-6
    inputs: str | None = None
    model: ModelOptions = field(default_factory=ModelOptions)
    seconds_per_request: float = SECONDS_PER_REQUEST
