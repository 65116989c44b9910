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
# What TensorFlow takes as the name of a placeholder.
_SAVABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]*")
_STAND_IN = "input_"


def argument_names(keys: Sequence[str], kinds: Sequence[object] = ()) -> tuple[str, ...]:
    """Return one argument name for each key: the keys themselves where TensorFlow keeps all of them as they are.

    Otherwise every input gets a stand-in. TensorFlow passes keywords in the order of their names, in a function as it
    is saved and again under the names that it is loaded with, so the stand-ins are numbered in the order of the
    latter.

    Args:
        keys: of the inputs.
        kinds: dtype and shape of each, where they are not all the same.
    """
    if all(is_plain(key) for key in keys) and len({key.lower() for key in keys}) == len(keys):
        return tuple(keys)
    prefix = _STAND_IN
    while any(parameter_name(key).startswith(prefix) for key in keys if key):
        prefix += "_"
    taken = _loadable(keys, kinds)
    order = sorted(range(len(keys)), key=lambda i: (parameter_name(keys[i]) if keys[i] in taken else prefix, i))
    width = len(str(len(keys)))
    return tuple(f"{prefix}{order.index(i):0{width}}" for i in range(len(keys)))


def is_plain(key: str) -> bool:
    """Tell whether TensorFlow keeps a key as the name of an argument."""
    return bool(_PLAIN.fullmatch(key)) and not keyword.iskeyword(key) and key != "self"


def loaded_names(keys: Sequence[str], arguments: Sequence[str], kinds: Sequence[object] = ()) -> tuple[str, ...]:
    """Return what a loaded function calls each input: the key wherever TensorFlow and Python can, else the argument."""
    taken = _loadable(keys, kinds)
    return tuple(key if key in taken else argument for key, argument in zip(keys, arguments, strict=True))


def saved_names(keys: Sequence[str], arguments: Sequence[str], kinds: Sequence[object] = ()) -> tuple[str, ...]:
    """Return what plain TensorFlow calls each input when it saves a loaded function again: the key, or the argument.

    It makes a placeholder of each name, which must be that name, and takes `X` and `x` for the same. A loaded function
    answers to these names as well as to those of `loaded_names`.
    """
    loaded = loaded_names(keys, arguments, kinds)
    times = Counter(name.lower() for name in loaded)
    return tuple(
        name if _SAVABLE.fullmatch(name) and times[name.lower()] == 1 else argument
        for name, argument in zip(loaded, arguments, strict=True)
    )


def _loadable(keys: Sequence[str], kinds: Sequence[object]) -> frozenset[str]:
    """Return the keys that a loaded function can answer to.

    TensorFlow makes a Python parameter of each name; an empty name, a Python keyword or two names that become the same
    make the load fail. `self` is taken by the function object.

    When TensorFlow saves a loaded function again, it takes dtypes and shapes in the order of the keys and names in the
    order of the parameters: where the two orders differ, and that makes a difference, only plain keys can be kept.
    """
    parameters = Counter(parameter_name(key) for key in keys if key)
    taken = frozenset(
        key for key in keys if key and _is_parameter(parameter_name(key)) and parameters[parameter_name(key)] == 1
    )
    names = [key if key in taken else f"{_STAND_IN}{number}" for number, key in enumerate(keys)]
    if len(set(kinds)) > 1 and sorted(names) != sorted(names, key=parameter_name):
        return frozenset(key for key in taken if is_plain(key))
    return taken


def _is_parameter(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name != "self"


def parameter_name(name: str) -> str:
    """Return the parameter that TensorFlow makes of a name.

    Source: sanitize_arg_name in tensorflow/core/function/polymorphism/function_type.py.
    """
    swapped = "".join(character if character.isalnum() else "_" for character in name)
    return swapped if swapped[0].isalpha() else f"arg_{swapped}"
