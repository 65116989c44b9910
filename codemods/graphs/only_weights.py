"""Whether all code that can build a session's graph is in reach, and builds nothing but ops and weights.

What a graph holds besides its variables' values (lookup tables, Python functions, iterators, queues) is made by calls
with telling names. Where neither the file nor any file of the repository that it imports says one of these names, and
everything else that it imports is known to build no graphs, the graph has none.
"""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Iterator

import libcst as cst

from codemods.source.module import Module
from codemods.source.nodes import dotted

# What layers and plain code can put between the inputs and the outputs of a model.
_STATE = re.compile(
    r"(?<!embedding_)lookup|Lookup|TextVectorization|vocabulary_(?:list|file)|[Hh]ash_?[Tt]able|index_to_string"
    r"|string_to_index|py_func|py_function|numpy_function|load_op_library|\bDefun\b|@[\w.]*\bfunction\b"
    r"|\bassign(?:_add|_sub)?\(|scatter_(?:add|sub|update|nd_)|count_up_to|updates_collections"
    r"|local_variable\(|LOCAL_VARIABLES|placeholder_with_default|learning_phase\(\)"
    r"|import_meta_graph|import_graph_def|loader\.load|saved_model\.load|ASSET_FILEPATHS"
    r"|sparse_placeholder|SparseTensor|to_sparse|from_dense|ctc_(?:greedy|beam)|sparse=True"
)
# What stands in front of the inputs of a model while it is trained.
_PIPELINE = re.compile(
    r"make_(?:one_shot|initializable)_iterator|get_next\(|[Qq]ueue|shuffle_batch|train\.batch|input_producer|VarLenFeature"
)
_COMMENT_LINE = re.compile(r"^[ \t]*#.*", re.MULTILINE)
_FED_MODEL = re.compile(r"Input(?:Layer)?\([^)]*\b(?:input_)?tensor\s*=|(?<!fit)\([^()\n]*get_next\(\)")
# Packages beside the standard library that build no graphs of their own, and those whose layers are plain ops.
_KNOWN_NAMES = """
    tensorflow keras tf_slim numpy scipy pandas PIL cv2 matplotlib pylab skimage sklearn imageio six absl tqdm yaml
    h5py requests google easydict IPython seaborn nltk jieba joblib simplejson termcolor colorama psutil future past
    pkg_resources setuptools dateutil ujson wget lxml bs4 regex
"""
_INJECTED = frozenset({"get_ipython", "display", "xrange", "unicode", "raw_input"})  # by notebooks, by Python 2
_KNOWN = frozenset(_KNOWN_NAMES.split())


def builds_only_weights(module: Module) -> bool:
    """Whether it is certain that no graph which this file's program builds holds more than ops and variables."""
    found = module.memo.get("builds_only_weights")
    if not isinstance(found, bool):
        found = module.memo["builds_only_weights"] = _is_plain(module, {module.path})
    return found


def names_only_layers(module: Module) -> bool:
    """Whether what the file says can put nothing but ops and weights between the ends of a Keras model."""
    is_fed = _FED_MODEL.search(module.text) is not None
    return not _says(module, _STATE) and not (is_fed and _says(module, _PIPELINE))


def _says(module: Module, words: re.Pattern[str]) -> bool:
    """Whether the code, that is neither comments nor strings that stand alone, says one of the words."""
    found = [match.start() for match in words.finditer(module.text)]
    if not found:
        return False
    silent = list(_silent_spans(module))
    return not all(any(start <= offset < end for start, end in silent) for offset in found)


def _silent_spans(module: Module) -> Iterator[tuple[int, int]]:
    for node in module.nodes:
        if isinstance(node, cst.Expr) and isinstance(node.value, (cst.SimpleString, cst.ConcatenatedString)):
            yield module.start(node), module.end(node)
    for line in _COMMENT_LINE.finditer(module.text):
        yield line.span()


def _is_plain(module: Module, seen: set[str]) -> bool:
    if _says(module, _STATE) or _says(module, _PIPELINE) or not all(_is_bound(module, call) for call in module.calls):
        return False
    for targets in _imports(module):
        found = [other for target in targets if (other := _find(module, target)) is not None]
        if not found and targets[0].split(".")[0] not in _KNOWN | sys.stdlib_module_names:
            return False
        for other in found:
            if other.path not in seen:
                seen.add(other.path)
                if not _is_plain(other, seen):
                    return False
    return True


def _is_bound(module: Module, call: cst.Call) -> bool:
    """Whether a called name is bound somewhere in reach: what is not may come from anywhere."""
    function = call.func
    if not isinstance(function, cst.Name) or module.bindings(function):
        return True
    name = function.value
    stars = (_find(module, target) for target in module.index.module_scope.star_imports)
    is_starred = any(other is not None and name in other.index.module_scope.bindings for other in stars)
    return is_starred or hasattr(builtins, name) or name in _INJECTED


def _find(module: Module, target: str) -> Module | None:
    return module.project.find(target, module.path) if module.project is not None else None


def _imports(module: Module) -> Iterator[list[str]]:
    """Yield for each import the modules that it may mean: `from a import b` means `a`, and `a.b` if that is one."""
    for node in module.nodes:
        if isinstance(node, cst.Import):
            yield from ([name] for alias in node.names if (name := dotted(alias.name)) is not None)
        elif isinstance(node, cst.ImportFrom):
            head = "." * len(node.relative) + ((dotted(node.module) or "") if node.module is not None else "")
            names = [] if isinstance(node.names, cst.ImportStar) else [dotted(alias.name) for alias in node.names]
            joint = "" if head.endswith(".") else "."
            yield [head, *(f"{head}{joint}{name}" for name in names if name is not None)]
