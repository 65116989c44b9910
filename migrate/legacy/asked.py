"""What a user says of a model that does not tell its signatures itself, and the form in which it is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from migrate.errors import RefusedModelError
from migrate.graph.tensor_name import TensorName, parse_tensor

DEFAULT_KEY = "serving_default"
FORM = "KEY:in=TENSOR,in2=TENSOR->out=TENSOR"


class Method(Enum):
    """What a signature is served by."""

    PREDICT = "tensorflow/serving/predict"
    CLASSIFY = "tensorflow/serving/classify"
    REGRESS = "tensorflow/serving/regress"


@dataclass(frozen=True, slots=True)
class NamedTensor:
    """A tensor of the graph, and the key by which clients give or get it."""

    key: str
    tensor: TensorName

    def __str__(self) -> str:
        return f"{self.key}={self.tensor}"


@dataclass(frozen=True, slots=True)
class AskedSignature:
    """A signature as it is written on the command line: `KEY:in=TENSOR,in2=TENSOR->out=TENSOR`."""

    key: str
    inputs: tuple[NamedTensor, ...]
    outputs: tuple[NamedTensor, ...]
    method: Method = Method.PREDICT

    def __str__(self) -> str:
        # In words that a terminal's line can break between; spaces mean nothing.
        return f"{self.key}:{', '.join(map(str, self.inputs))}->{', '.join(map(str, self.outputs))}"


@dataclass(frozen=True, slots=True)
class Asked:
    """How a model without signatures is to be taken.

    Attributes:
        signatures: those that it gets; none lets the one obvious signature be found.
        checkpoint: the prefix of the values of its variables, where they do not lie beside it.
        ema: take moving averages in place of the variables that have one.
    """

    signatures: tuple[AskedSignature, ...] = ()
    checkpoint: Path | None = None
    ema: bool = False


NOTHING = Asked()


def parse_signature(text: str) -> AskedSignature:
    """Read a signature in the form of the command line; without a key it is `serving_default`.

    A bare `TENSOR` takes the name of its op without scopes as its key.

    Raises:
        RefusedModelError: it is not written so, or two tensors have one key.
    """
    before, arrow, after = text.partition("->")
    if not arrow or not after.strip():
        raise RefusedModelError(f"--signature {text!r} names no outputs; write it as {FORM!r}.")
    key, inputs = _key_of(before)
    try:
        return AskedSignature(key, _tensors(inputs), _tensors(after))
    except ValueError as error:
        raise RefusedModelError(f"--signature {text!r}: {error}; write it as {FORM!r}.") from error


def named(tensors: Iterable[TensorName]) -> tuple[NamedTensor, ...]:
    """Give tensors keys: the names of their ops without scopes, with a number where two would be the same."""
    found: list[NamedTensor] = []
    taken: Counter[str] = Counter()
    for tensor in tensors:
        plain = _plain_key(tensor)
        taken[plain] += 1
        found.append(NamedTensor(plain if taken[plain] == 1 else f"{plain}_{taken[plain] - 1}", tensor))
    return tuple(found)


def _key_of(before: str) -> tuple[str, str]:
    """Split `KEY:rest`; the colon of `x:0` belongs to a tensor."""
    head, colon, rest = before.partition(":")
    is_tensor = rest.partition(",")[0].strip().isdigit()
    if not colon or is_tensor or "=" in head or "," in head:
        return DEFAULT_KEY, before
    return head.strip() or DEFAULT_KEY, rest


def _tensors(text: str) -> tuple[NamedTensor, ...]:
    found = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        key, equals, name = part.rpartition("=")
        tensor = parse_tensor(name.strip())
        if equals and not key.strip():
            raise ValueError(f"{part!r} has no key")
        found.append(NamedTensor(key.strip() if equals else _plain_key(tensor), tensor))
    twice = [key for key, count in Counter(each.key for each in found).items() if count > 1]
    if twice:
        raise ValueError(f"two tensors would have the key {twice[0]!r}; give each its own, KEY=TENSOR")
    return tuple(found)


def _plain_key(tensor: TensorName) -> str:
    name = tensor.node.rpartition("/")[2]
    return name if tensor.index == 0 else f"{name}_{tensor.index}"
