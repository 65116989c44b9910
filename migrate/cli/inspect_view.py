"""Shows the facts of a model: as tables, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migrate.inspection.facts import MetaGraphFacts, ModelFacts, SignatureFacts, TableFacts, TensorFacts, VariableFacts
from migrate.inspection.verdict import Verdict
from migrate.text.visible import sentence, shown_name

if TYPE_CHECKING:
    from rich.table import Table

    from migrate.cli.console import VisibleConsole

_MANY_VARIABLES = 40


def print_facts(facts: ModelFacts, answer: Verdict) -> None:
    """Print the facts on standard output, the answer first."""
    from rich.markup import escape

    from migrate.cli.console import product_console

    console = product_console()
    console.print(f"[bold]{escape(sentence(str(facts.path)))}[/] is {facts.kind.value}.")
    console.print(f"Do I need to migrate this model? {escape(sentence(answer.answer))}", style="bold")
    for reason in answer.reasons:
        console.print(f"  - {escape(sentence(reason))}")
    if facts.weight_bytes:
        console.print(f"weights: {facts.weight_bytes:,} bytes")
    if facts.assets_extra:
        console.print(f"assets.extra: {_names(facts.assets_extra)}")
    for graph in facts.meta_graphs:
        _print_graph(console, graph)
    for problem in facts.all_problems:
        console.print(f"[red]problem:[/] {escape(sentence(problem))}")


def as_json(facts: ModelFacts, answer: Verdict) -> dict[str, Any]:
    """Return the facts as JSON values (schema version 1)."""
    values: dict[str, Any] = _plain({**asdict(facts), "problems": facts.all_problems, "verdict": asdict(answer)})
    return {"version": 1, **values, "kind": facts.kind.name}


def _print_graph(console: VisibleConsole, graph: MetaGraphFacts) -> None:
    from rich.markup import escape

    console.print(
        f"\nMetaGraph: tags {_names(sorted(graph.tags)) or 'none'}; written by TensorFlow "
        f"{escape(shown_name(graph.tensorflow)) or 'unknown'}; {graph.nodes} nodes; "
        f"init op {escape(shown_name(graph.init_op or 'none'))}"
    )
    if graph.signatures:
        _print_table(
            console, "signatures", ("key", "method", "inputs", "outputs"), map(_signature_row, graph.signatures)
        )
    else:
        console.print(
            f"no signature; looks like inputs: {_names(graph.placeholders) or 'none'}; "
            f"outputs: {_names(graph.sinks) or 'none'}"
        )
    if graph.variables:
        rows = [_variable_row(one) for one in graph.variables[:_MANY_VARIABLES]]
        if len(graph.variables) > _MANY_VARIABLES:
            rows.append((f"and {len(graph.variables) - _MANY_VARIABLES} more (--json)", "", "", "", "", ""))
        headings = ("variable", "dtype", "shape", "held as", "trainable", "parts")
        _print_table(console, f"{len(graph.variables)} variables", headings, rows)
    if graph.tables:
        _print_table(console, "tables", ("table", "op", "dtypes"), map(_table_row, graph.tables))
    if graph.assets:
        console.print(f"assets: {_names(graph.assets)}")
    for one in graph.other_numbers:
        console.print(f"numbers: {escape(sentence(one))}")


def _variable_row(one: VariableFacts) -> tuple[str, ...]:
    trainable = "yes" if one.trainable else ""
    return shown_name(one.name), one.dtype, shown_name(one.shape), one.storage.value, trainable, str(one.parts)


def _table_row(one: TableFacts) -> tuple[str, ...]:
    return shown_name(one.name), one.op, f"{one.key_dtype} -> {one.value_dtype}"


def _signature_row(signature: SignatureFacts) -> tuple[str, ...]:
    key, method = shown_name(signature.key), shown_name(signature.method) or "(empty)"
    return key, method, _tensors(signature.inputs), _tensors(signature.outputs)


def _tensors(tensors: tuple[TensorFacts, ...]) -> str:
    return "\n".join(f"{shown_name(one.key)}: {one.dtype} {shown_name(one.shape)}" for one in tensors)


def _names(names: Iterable[str]) -> str:
    """Names in a row, for a line with markup."""
    from rich.markup import escape

    return escape(", ".join(map(shown_name, names)))


def _print_table(console: VisibleConsole, title: str, headings: tuple[str, ...], rows: Any) -> None:
    from rich.markup import escape
    from rich.table import Table

    table: Table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def _plain(value: Any) -> Any:
    """Enums by their names, paths as strings, sets sorted; everything else as it is."""
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
