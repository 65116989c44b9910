"""Calls of `tf.contrib` functions that take more than a new name: vocabulary tables, initializers, regularizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import libcst as cst

from codemods.compat.new_v1_names import v1_spelling
from codemods.edit.edits import Edit, Import
from codemods.edit.layout import free_name, indent_at, indent_unit, newline_of, string_literal
from codemods.edit.named_values import named_above
from codemods.edit.tensorflow_names import NoSpelling
from codemods.source.arguments import bound_arguments, is_simple
from codemods.source.module import Module

_WIDTH = 100


class NotExactError(Exception):
    """The call has no exact counterpart; the message says why."""


@dataclass(slots=True)
class Writer:
    """Writes the replacement of one call."""

    module: Module
    call: cst.Call
    given: Mapping[str, cst.Arg]
    switches: bool
    """Whether the file's import becomes that of compat.v1."""
    wants_v1: bool = False
    """Whether what was written counts on that."""
    imports: set[Import] = field(default_factory=set)
    above: list[Edit] = field(default_factory=list)
    """What goes above the statement of the call."""

    def tf(self, name: str) -> str:
        """Return code for a symbol of the v1 API.

        Raises:
            NotExactError: It cannot be spelled here.
        """
        found, wants_v1 = v1_spelling(self.module, self.call, name, switches=self.switches)
        if isinstance(found, NoSpelling):
            raise NotExactError(found.reason)
        self.wants_v1 |= wants_v1
        self.imports.update(found.imports)
        return found.of(name)

    def code(self, parameter: str) -> str:
        """Return the code given for a parameter.

        Raises:
            NotExactError: Nothing is given.
        """
        if parameter not in self.given:
            raise NotExactError(f"`{parameter}` is not given")
        start, end = self.module.outer_span(self.given[parameter].value)
        return self.module.text[start:end]

    def named(self, parameter: str) -> str:
        """Return a name for what is given for a parameter, assigned above the call's statement.

        Raises:
            NotExactError: It would be evaluated another number of times, or in another order.
        """
        name = free_name(self.module, parameter)
        assignment = named_above(self.module, self.given[parameter].value, name)
        if assignment is None:
            raise NotExactError(f"`{parameter}` would be evaluated twice or in another order: give it a name first")
        self.above.append(assignment)
        return name

    def optional(self, **renamed: str) -> list[str]:
        """Return keyword arguments for those of the parameters that are given: `new_keyword="old parameter"`."""
        return [f"{new}={self.code(old)}" for new, old in renamed.items() if old in self.given]

    def refuse(self, *parameters: str) -> None:
        """Raise NotExactError where one of the parameters is given something else than None."""
        for parameter in parameters:
            if parameter in self.given and self.code(parameter) != "None":
                raise NotExactError(f"`{parameter}` has no counterpart")

    def wrapped(self, function: str, arguments: list[str]) -> str:
        """Return a call with every argument on a line of its own."""
        inner = self._line(1)
        return f"{function}({inner}{f',{inner}'.join(arguments)})"

    def inner(self, function: str, arguments: list[str]) -> str:
        """Return a call that stands as an argument of `wrapped`: on one line, if it fits."""
        code = f"{function}({', '.join(arguments)})"
        line = self._line(2)
        if len(self._line(1)) + len(code) <= _WIDTH:
            return code
        return f"{function}({line}{f',{line}'.join(arguments)})"

    def _line(self, depth: int) -> str:
        indent = indent_at(self.module, self.call)
        return newline_of(self.module) + indent + indent_unit(self.module) * depth


@dataclass(frozen=True, slots=True)
class NewCode:
    """The edits that write new code, and what they need: imports, and perhaps the switch of the file's own."""

    edits: tuple[Edit, ...]
    imports: tuple[Import, ...]
    wants_v1: bool


def rewritten(module: Module, call: cst.Call, name: str, *, switches: bool) -> NewCode:
    """Return what makes a call do what the contrib function `name` does.

    Raises:
        NotExactError: The arguments given have no exact counterpart.
    """
    recipe = RECIPES[name]
    given = bound_arguments(call, recipe.parameters)
    if given is None:
        raise NotExactError("its arguments cannot be told apart here")
    writer = Writer(module, call, given, switches)
    code = recipe.write(writer)
    edits = (*writer.above, Edit(module.start(call), module.end(call), code))
    return NewCode(edits, tuple(sorted(writer.imports)), writer.wants_v1)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How calls of one contrib function are written. `parameters` are those of TensorFlow 1.15.5, in order."""

    parameters: tuple[str, ...]
    write: Callable[[Writer], str]
    targets: tuple[str, ...]
    """The v1 names it may emit."""


# --- vocabulary tables ---


def _ids_of_file(writer: Writer) -> str:
    """`index_table_from_file`: words of a file, one a line, to line numbers."""
    writer.refuse("hasher_spec", "key_column_index", "value_column_index", "delimiter")
    _only_strings(writer, "key_dtype")
    return _ids(writer, _word_file(writer, "vocabulary_file", to_ids=True))


def _ids_of_list(writer: Writer) -> str:
    """`index_table_from_tensor`: words of a list to their places in it."""
    writer.refuse("hasher_spec")
    _only_strings(writer, "dtype")
    return _ids(writer, _word_list(writer, to_ids=True))


def _ids(writer: Writer, initializer: str) -> str:
    options = writer.optional(name="name")
    buckets = _buckets(writer)
    if buckets is None:
        default = writer.code("default_value") if "default_value" in writer.given else "-1"
        return writer.wrapped(writer.tf("lookup.StaticHashTable"), [initializer, f"default_value={default}", *options])
    return writer.wrapped(
        writer.tf("lookup.StaticVocabularyTable"), [initializer, f"num_oov_buckets={buckets}", *options]
    )


def _buckets(writer: Writer) -> str | None:
    """The number of out-of-vocabulary buckets as code, None for none: the two need different tables."""
    if "num_oov_buckets" not in writer.given:
        return None
    value = writer.module.value(writer.given["num_oov_buckets"].value)
    if not isinstance(value, cst.Integer):
        raise NotExactError("whether `num_oov_buckets` is 0 is known only at run time, and decides between two tables")
    return writer.code("num_oov_buckets") if value.evaluated_value else None


def _words_of_file(writer: Writer) -> str:
    """`index_to_string_table_from_file`: line numbers to words."""
    writer.refuse("key_column_index", "value_column_index", "delimiter")
    return _words(writer, _word_file(writer, "vocabulary_file", to_ids=False))


def _words_of_list(writer: Writer) -> str:
    """`index_to_string_table_from_tensor`: places in a list to words."""
    return _words(writer, _word_list(writer, to_ids=False))


def _words(writer: Writer, initializer: str) -> str:
    default = writer.code("default_value") if "default_value" in writer.given else string_literal(writer.module, "UNK")
    arguments = [initializer, f"default_value={default}", *writer.optional(name="name")]
    return writer.wrapped(writer.tf("lookup.StaticHashTable"), arguments)


def _word_file(writer: Writer, parameter: str, *, to_ids: bool) -> str:
    index = writer.tf("lookup.TextFileIndex")
    word = (writer.tf("string"), f"{index}.WHOLE_LINE")
    number = (writer.tf("int64"), f"{index}.LINE_NUMBER")
    keys, values = (word, number) if to_ids else (number, word)
    arguments = [writer.code(parameter), *keys, *values, *writer.optional(vocab_size="vocab_size")]
    return writer.inner(writer.tf("lookup.TextFileInitializer"), arguments)


def _word_list(writer: Writer, *, to_ids: bool) -> str:
    words = writer.code("mapping")
    if not is_simple(writer.given["mapping"].value):
        words = writer.named("mapping")  # evaluated once, as before
    int64 = writer.tf("int64")
    places = f"{writer.tf('range')}({writer.tf('size')}({words}, out_type={int64}), dtype={int64})"
    initializer, string = writer.tf("lookup.KeyValueTensorInitializer"), writer.tf("string")
    if to_ids:
        return writer.inner(initializer, [words, places, f"key_dtype={string}"])
    return writer.inner(initializer, [places, words, f"value_dtype={string}"])


def _only_strings(writer: Writer, parameter: str) -> None:
    if parameter in writer.given and writer.module.resolve(writer.given[parameter].value) != "tensorflow.string":
        raise NotExactError("its keys are no strings")


def _file_ids_initializer(writer: Writer) -> str:
    writer.refuse("key_column_index", "value_column_index", "delimiter", "name")
    _only_strings(writer, "key_dtype")
    return _word_file(writer, "filename", to_ids=True)


def _file_words_initializer(writer: Writer) -> str:
    writer.refuse("key_column_index", "value_column_index", "delimiter", "name")
    return _word_file(writer, "filename", to_ids=False)


def _looked_up(write: Callable[[Writer], str]) -> Callable[[Writer], str]:
    """`string_to_index` and `index_to_string`: a table that is looked up at once."""

    def write_lookup(writer: Writer) -> str:
        writer.refuse("name")
        return f"{write(writer)}.lookup({writer.code('tensor')})"

    return write_lookup


# --- layers ---


def _xavier(writer: Writer) -> str:
    """`xavier_initializer`: uniform, it is Glorot's; its truncated normal has another standard deviation."""
    if "uniform" in writer.given and writer.code("uniform") != "True":
        raise NotExactError("only with uniform=True it is Glorot's initializer")
    arguments = writer.optional(seed="seed", dtype="dtype")
    return f"{writer.tf('glorot_uniform_initializer')}({', '.join(arguments)})"


def _l1(writer: Writer) -> str:
    writer.refuse("scope")
    return f"{writer.tf('keras.regularizers.l1')}({writer.code('scale')})"


def _l2(writer: Writer) -> str:
    """`l2_regularizer` takes half of the sum of squares, Keras the whole."""
    writer.refuse("scope")
    scale = writer.code("scale")
    half = f"0.5 * {scale}" if is_simple(writer.given["scale"].value) else f"0.5 * ({scale})"
    return f"{writer.tf('keras.regularizers.l2')}({half})"


def _dense_to_sparse(writer: Writer) -> str:
    """`dense_to_sparse`: with the token 0 it is `from_dense`."""
    writer.refuse("outputs_collections", "scope")
    token = writer.module.value(writer.given["eos_token"].value) if "eos_token" in writer.given else None
    if "eos_token" in writer.given and not (isinstance(token, cst.Integer) and token.evaluated_value == 0):
        raise NotExactError("only with eos_token=0 it is tf.sparse.from_dense")
    return f"{writer.tf('sparse.from_dense')}({writer.code('tensor')})"


_TABLE = ("lookup.StaticHashTable",)
_BUCKETS = (*_TABLE, "lookup.StaticVocabularyTable")
_OF_FILE = ("lookup.TextFileInitializer", "lookup.TextFileIndex", "string", "int64")
_OF_LIST = ("lookup.KeyValueTensorInitializer", "range", "size", "string", "int64")
_COLUMNS = ("key_column_index", "value_column_index", "delimiter")

_INDEX_TABLE_FROM_FILE = ("vocabulary_file", "num_oov_buckets", "vocab_size", "default_value", "hasher_spec")
_INDEX_TABLE_FROM_TENSOR = ("mapping", "num_oov_buckets", "default_value", "hasher_spec")

RECIPES: Mapping[str, Recipe] = {
    "layers.dense_to_sparse": Recipe(
        ("tensor", "eos_token", "outputs_collections", "scope"), _dense_to_sparse, ("sparse.from_dense",)
    ),
    "layers.l1_regularizer": Recipe(("scale", "scope"), _l1, ("keras.regularizers.l1",)),
    "layers.l2_regularizer": Recipe(("scale", "scope"), _l2, ("keras.regularizers.l2",)),
    "layers.xavier_initializer": Recipe(("uniform", "seed", "dtype"), _xavier, ("glorot_uniform_initializer",)),
    "layers.xavier_initializer_conv2d": Recipe(("uniform", "seed", "dtype"), _xavier, ("glorot_uniform_initializer",)),
    "lookup.index_table_from_file": Recipe(
        (*_INDEX_TABLE_FROM_FILE, "key_dtype", "name", *_COLUMNS), _ids_of_file, (*_BUCKETS, *_OF_FILE)
    ),
    "lookup.string_to_index_table_from_file": Recipe(
        (*_INDEX_TABLE_FROM_FILE, "name"), _ids_of_file, (*_BUCKETS, *_OF_FILE)
    ),
    "lookup.index_table_from_tensor": Recipe(
        (*_INDEX_TABLE_FROM_TENSOR, "dtype", "name"), _ids_of_list, (*_BUCKETS, *_OF_LIST)
    ),
    "lookup.string_to_index_table_from_tensor": Recipe(
        (*_INDEX_TABLE_FROM_TENSOR, "name"), _ids_of_list, (*_BUCKETS, *_OF_LIST)
    ),
    "lookup.index_to_string_table_from_file": Recipe(
        ("vocabulary_file", "vocab_size", "default_value", "name", *_COLUMNS), _words_of_file, (*_TABLE, *_OF_FILE)
    ),
    "lookup.index_to_string_table_from_tensor": Recipe(
        ("mapping", "default_value", "name"), _words_of_list, (*_TABLE, *_OF_LIST)
    ),
    "lookup.string_to_index": Recipe(
        ("tensor", "mapping", "default_value", "name"), _looked_up(_ids_of_list), (*_TABLE, *_OF_LIST)
    ),
    "lookup.index_to_string": Recipe(
        ("tensor", "mapping", "default_value", "name"), _looked_up(_words_of_list), (*_TABLE, *_OF_LIST)
    ),
    "lookup.TextFileIdTableInitializer": Recipe(
        ("filename", "key_column_index", "value_column_index", "vocab_size", "delimiter", "name", "key_dtype"),
        _file_ids_initializer,
        _OF_FILE,
    ),
    "lookup.TextFileStringTableInitializer": Recipe(
        ("filename", "key_column_index", "value_column_index", "vocab_size", "delimiter", "name"),
        _file_words_initializer,
        _OF_FILE,
    ),
}
