"""The original with a few nodes changed, for what the original itself cannot show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from migrate.graph.stand_ins import stand_ins, with_stand_ins
from migrate.legacy.saved_model import read_saved_model
from migrate.method_names.proto_file import proto_path, write_saved_model
from migrate.preflight.kernels import has_cpu_kernel
from migrate.verify.moved_copy import moved_copy

Edit = Callable[[Any], None]


@contextmanager
def edited_copy(model_dir: Path, tags: frozenset[str], edits: tuple[Edit, ...]) -> Iterator[Path]:
    """Yield a copy of a model whose MetaGraphDef with these tags went through `edits`; removed afterwards."""
    with moved_copy(model_dir) as copy:
        saved_model = read_saved_model(copy)
        for meta_graph in saved_model.meta_graphs:
            if frozenset(meta_graph.meta_info_def.tags) == tags:
                for edit in edits:
                    edit(meta_graph)
        proto = proto_path(copy)
        # The copy may be a hard link to the original.
        proto.unlink()
        write_saved_model(saved_model, proto)
        yield copy


def draw_anew(meta_graph: Any) -> None:
    """Take the seeds away from random ops, so that every run draws other numbers.

    A seeded op gives the same sequence in every session, but where in the sequence a call lies depends on what else
    was called: that is chance, too.
    """
    for node in _all_nodes(meta_graph):
        if "seed" in node.attr and "seed2" in node.attr:
            node.attr["seed"].i = 0
            node.attr["seed2"].i = 0


def replace_lost_kernels(meta_graph: Any) -> None:
    """Put stock ops in place of ops that are not known or have no kernel any more, as rewrap does."""
    nodes = [
        replacement
        for node in meta_graph.graph_def.node
        for replacement in (with_stand_ins([node]) if _is_lost(node) else (node,))
    ]
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del meta_graph.graph_def.node[:]
    meta_graph.graph_def.node.extend(copies)


def lost_kernels(meta_graph: Any) -> tuple[str, ...]:
    """Return the ops of the graph that have no kernel here and for which there are stock ops."""
    return tuple(sorted({node.op for node in meta_graph.graph_def.node if _is_lost(node)}))


def _is_lost(node: Any) -> bool:
    return node.op in stand_ins() and not has_cpu_kernel(node)


def _all_nodes(meta_graph: Any) -> Iterator[Any]:
    yield from meta_graph.graph_def.node
    for function in meta_graph.graph_def.library.function:
        yield from function.node_def
