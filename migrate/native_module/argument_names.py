"""Names under which a signature's inputs can be arguments of a TensorFlow 2 function.

A SignatureDef may call an input anything. As an argument, TensorFlow refuses `:`, spaces, Python keywords and `self`,
makes `_` of `/`, and takes `X` and `x` for the same. Such inputs get a plain name, and the real key is put back into
what was saved.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Sequence

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_STAND_IN = "input_"


def argument_names(keys: Sequence[str]) -> tuple[str, ...]:
    """Return one argument name for each key: the keys themselves where TensorFlow keeps all of them as they are.

    Otherwise every input gets a stand-in. TensorFlow passes keywords in the order of their names, in a function as it
    is saved and again under the names that it is loaded with, so the stand-ins are numbered in the order of the
    latter.
    """
    if all(is_plain(key) for key in keys) and len({key.lower() for key in keys}) == len(keys):
        return tuple(keys)
    prefix = _STAND_IN
    while any(_parameter(key).startswith(prefix) for key in keys if key):
        prefix += "_"
    taken = _loadable(keys)
    order = sorted(range(len(keys)), key=lambda i: (_parameter(keys[i]) if keys[i] in taken else prefix, i))
    width = len(str(len(keys)))
    return tuple(f"{prefix}{order.index(i):0{width}}" for i in range(len(keys)))


def is_plain(key: str) -> bool:
    """Tell whether TensorFlow keeps a key as the name of an argument."""
    return bool(_PLAIN.fullmatch(key)) and not keyword.iskeyword(key) and key != "self"


def loaded_names(keys: Sequence[str], arguments: Sequence[str]) -> tuple[str, ...]:
    """Return what a loaded function calls each input: the key wherever TensorFlow and Python can, else the argument."""
    taken = _loadable(keys)
    return tuple(key if key in taken else argument for key, argument in zip(keys, arguments, strict=True))


def _loadable(keys: Sequence[str]) -> frozenset[str]:
    """Return the keys that a loaded function can answer to.

    TensorFlow makes a Python parameter of each name; an empty name, a Python keyword or two names that become the same
    make the load fail. `self` is taken by the function object.
    """
    parameters = Counter(_parameter(key) for key in keys if key)
    return frozenset(key for key in keys if key and _is_parameter(_parameter(key)) and parameters[_parameter(key)] == 1)


def _is_parameter(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name != "self"


def _parameter(name: str) -> str:
    """Return the parameter that TensorFlow makes of a name.

    Source: sanitize_arg_name in tensorflow/core/function/polymorphism/function_type.py.
    """
    swapped = "".join(character if character.isalnum() else "_" for character in name)
    return swapped if swapped[0].isalpha() else f"arg_{swapped}"
