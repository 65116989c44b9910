"""Which checkpoint a folder's `checkpoint` file means, whatever is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrate.legacy.kinds.meta_graph import recognise
from migrate.legacy.latest_checkpoint import latest_checkpoint


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('model_checkpoint_path: "model.ckpt-7"\n', "model.ckpt-7"),
        ('all_model_checkpoint_paths: "old"\nmodel_checkpoint_path: "/home/x/run 7/model.ckpt-9"\n', "model.ckpt-9"),
        (r'model_checkpoint_path: "C:\\runs\\model.ckpt"', "model.ckpt"),
        (r'model_checkpoint_path: "mod\303\250le"', "modèle"),
        ('model_checkpoint_path: "modèle"', "modèle"),
    ],
)
def test_what_is_meant(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / "checkpoint").write_text(text, encoding="utf-8")
    assert latest_checkpoint(tmp_path) == tmp_path / name


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'all_model_checkpoint_paths: "model.ckpt"',
        b'model_checkpoint_path: ""',
        b'model_checkpoint_path: ".."',
        rb'model_checkpoint_path: "\377\376"',
        rb'model_checkpoint_path: "\xzz"',
        b'\xff\xfe model_checkpoint_path: "x"',
        b'model_checkpoint_path: "' + b"n" * (1 << 20) + b'"',
    ],
)
def test_what_names_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "checkpoint").write_bytes(content)
    assert latest_checkpoint(tmp_path) is None


@pytest.mark.parametrize("name", ["x" * 253, "no\0name"])
def test_names_that_no_file_can_have_are_no_prefixes(tmp_path: Path, name: str) -> None:
    assert recognise(tmp_path / name) is None
