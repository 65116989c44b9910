"""Names of arguments that stand in for keys that no argument can have."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.native_module.argument_names import argument_names, is_plain, loaded_names


@pytest.mark.parametrize(
    "keys",
    [
        (),
        ("x",),
        ("b", "a"),
        ("inputs", "training", "Mask_1"),
        ("name", "args", "kwargs", "cls", "dtype"),
        ("match", "type"),
    ],
)
def test_plain_keys_are_their_own_names(keys: tuple[str, ...]) -> None:
    assert argument_names(keys) == keys
    assert loaded_names(keys, keys) == keys


@pytest.mark.parametrize(
    "keys",
    [
        ("x:0",),
        ("a b",),
        ("self",),
        ("class",),
        ("",),
        ("1st",),
        ("_x",),
        ("größe",),
        # TensorFlow takes them for the same.
        ("X", "x"),
        ("a/b", "a:b", "a_b", "a b"),
        ("input_0", "x:0"),
        ("input_", "input_0", "input_1", "x:0"),
        tuple(f"k:{n}" for n in range(12)),
    ],
)
def test_stand_ins_are_plain_and_distinct(keys: tuple[str, ...]) -> None:
    names = argument_names(keys)
    assert all(is_plain(name) for name in names)
    assert len({name.lower() for name in names}) == len(keys)
    assert not set(names) & set(keys)


@given(st.lists(st.text(max_size=5) | st.sampled_from([*keyword.kwlist, "self", "input_0", "X", "x"]), unique=True))
def test_any_keys_get_names_that_tensorflow_takes(keys: list[str]) -> None:
    names = argument_names(keys)
    assert len(names) == len(keys)
    assert all(is_plain(name) for name in names)
    assert len({name.lower() for name in names}) == len(keys)
    assert argument_names(keys) == names


@pytest.mark.parametrize("key", ["x", "X1", "match", "print", "x_", "None_"])
def test_plain(key: str) -> None:
    assert is_plain(key)


@pytest.mark.parametrize("key", ["", "self", "None", "class", "lambda", "x-y", "x.y", "x y", "1x", "_x", "é", "x\n"])
def test_not_plain(key: str) -> None:
    assert not is_plain(key)
