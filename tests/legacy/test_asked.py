"""Signatures as they are written on the command line."""

from __future__ import annotations

import pytest

from migrate.errors import RefusedModelError
from migrate.graph.tensor_name import TensorName
from migrate.legacy.asked import named, parse_signature


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("x->y", "serving_default:x=x:0->y=y:0"),
        ("x:0->y:0", "serving_default:x=x:0->y=y:0"),
        ("a/x,b/z:1->scope/y", "serving_default:x=a/x:0, z_1=b/z:1->y=scope/y:0"),
        ("predict:x->y", "predict:x=x:0->y=y:0"),
        ("predict:x:0->y:0", "predict:x=x:0->y=y:0"),
        ("tensorflow/serving/predict:image=in:2->out=y", "tensorflow/serving/predict:image=in:2->out=y:0"),
        ("image=in:0, size=n -> out=y:1", "serving_default:image=in:0, size=n:0->out=y:1"),
        ("->y", "serving_default:->y=y:0"),
        ("k:->y", "k:->y=y:0"),
        ("a=b=c->y", "serving_default:a=b=c:0->y=y:0"),
    ],
)
def test_what_is_read(text: str, read: str) -> None:
    found = parse_signature(text)
    assert str(found) == read
    assert parse_signature(str(found)) == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x", "names no outputs"),
        ("x->", "names no outputs"),
        ("a/x, b/x->y", "two tensors would have the key 'x'"),
        ("x->y=a, y=b", "two tensors would have the key 'y'"),
        ("x->=y", "has no key"),
        ("x->y:one", "is not the name of a tensor"),
    ],
)
def test_what_is_refused(text: str, reason: str) -> None:
    with pytest.raises(RefusedModelError, match=reason) as caught:
        parse_signature(text)
    assert "KEY:in=TENSOR" in str(caught.value)


def test_found_tensors_of_one_name_get_numbers() -> None:
    tensors = [TensorName("a/x", 0), TensorName("b/x", 0), TensorName("c", 2)]
    assert [each.key for each in named(tensors)] == ["x", "x_1", "c_2"]
