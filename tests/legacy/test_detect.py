"""Every kind of model and every kind of bad input, told from bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from migrate.errors import Tf1to2Error, UnreadableModelError
from migrate.legacy.detect import checkpoint_of, detect
from migrate.legacy.kind import ModelKind
from migrate.legacy.read import read_models
from tests.golden import MODELS_DIR

REF_MODEL = MODELS_DIR / "ref_simple_save" / "model"
PB = (REF_MODEL / "saved_model.pb").read_bytes()
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"


def folder_with(folder: Path, content: bytes, name: str = "saved_model.pb") -> Path:
    (folder / name).write_bytes(content)
    return folder


def length_delimited(number: int, payload: bytes) -> bytes:
    size, prefix = len(payload), bytearray()
    while size > 0x7F:
        prefix.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number << 3 | 2, *prefix, size]) + payload


NODE = length_delimited(1, length_delimited(1, b"x") + length_delimited(2, b"Placeholder"))
META_INFO = length_delimited(1, length_delimited(5, b"1.15.5"))
META_GRAPH = META_INFO + length_delimited(2, NODE)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ref_simple_save", ModelKind.SAVED_MODEL_V1),
        ("saved_model_pbtxt", ModelKind.SAVED_MODEL_V1),
        ("two_meta_graphs", ModelKind.SAVED_MODEL_V1),
        ("keras_object_graph", ModelKind.SAVED_MODEL_V2),
    ],
)
def test_saved_models(name: str, kind: ModelKind) -> None:
    detection = detect(MODELS_DIR / name / "model")
    assert detection.kind is kind
    assert detection.is_text == (name == "saved_model_pbtxt")
    assert checkpoint_of(detection) is not None


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (NODE, ModelKind.FROZEN_GRAPH),
        (b'node {\n  name: "x"\n  op: "Placeholder"\n}\n', ModelKind.FROZEN_GRAPH),
        (b'# a comment\nversions {\n  producer: 134\n}\nnode {\n  name: "x"\n}\n', ModelKind.FROZEN_GRAPH),
        (META_GRAPH, ModelKind.META_GRAPH),
        (b"meta_info_def {\n}\ngraph_def {\n}\n", ModelKind.META_GRAPH),
        (b"\x08\x01" + length_delimited(2, META_GRAPH), ModelKind.SAVED_MODEL_V1),
        (b"\x08\x01" + length_delimited(2, META_GRAPH + length_delimited(7, b"")), ModelKind.SAVED_MODEL_V2),
        (b"\x08\x01" + 2 * length_delimited(2, META_GRAPH + length_delimited(7, b"")), ModelKind.SAVED_MODEL_V1),
        (b"saved_model_schema_version: 1\nmeta_graphs {\n  object_graph_def {\n  }\n}\n", ModelKind.SAVED_MODEL_V2),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), ModelKind.KERAS_H5),
        (b"PK\x03\x04" + bytes(26) + b"metadata.json", ModelKind.KERAS_V3),
    ],
)
def test_single_files(tmp_path: Path, content: bytes, kind: ModelKind) -> None:
    path = tmp_path / "some_file"
    path.write_bytes(content)
    assert detect(path).kind is kind


def test_a_hub_module_and_a_session_bundle(tmp_path: Path) -> None:
    hub, bundle = tmp_path / "hub", tmp_path / "bundle"
    hub.mkdir()
    bundle.mkdir()
    folder_with(hub, PB)
    folder_with(hub, b"\x08\x03", "tfhub_module.pb")
    folder_with(bundle, META_GRAPH, "export.meta")
    assert detect(hub).kind == ModelKind.HUB_V1
    assert detect(bundle).kind == ModelKind.SESSION_BUNDLE


def test_a_model_file_means_its_folder() -> None:
    assert detect(REF_MODEL / "saved_model.pb") == detect(REF_MODEL)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "empty (0 bytes)"),
        (LFS, "run `git lfs pull`"),
        (b"/annex/objects/SHA256E-s12--ab\n", "run `git annex get`"),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>", "HTML or XML page"),
        (b"\n  <html>", "HTML or XML page"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "HTML or XML page"),
        (b"PK\x03\x04" + bytes(100), "zip archive; unpack it"),
        (b"\x1f\x8b\x08" + bytes(100), "tar or compressed archive; unpack it"),
        (bytes(257) + b"ustar" + bytes(250), "tar or compressed archive"),
        (bytes(4096), "nothing but zero bytes"),
        (b"just some words\n", "a text file of another kind"),
        (PB[:-100], "cut off or damaged"),
        (PB[: len(PB) // 2], "cut off or damaged"),
        (PB[:3], "cut off or damaged"),
        (b"\x08\x01\x12\xff\xff\xff\xff\xff\xff\xff\xff\x7f" + bytes([7, 8]), "cut off or damaged"),
        (NODE, "it is a GraphDef"),
        (META_GRAPH, "it is a MetaGraphDef"),
        (b"\x08\x03\x12\x05torch" + length_delimited(7, b"\x0a\x01x"), "a protobuf of another type"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(50), "TensorFlow Lite"),
        (b"\x80\x04\x95" + bytes(range(60)), "no protobuf"),
        (b"\xff" * 64, "no protobuf"),
    ],
)
def test_what_is_no_saved_model_is_named(tmp_path: Path, content: bytes, cause: str) -> None:
    with pytest.raises(UnreadableModelError) as caught:
        detect(folder_with(tmp_path, content))
    assert cause in str(caught.value)
    assert "saved_model.pb" in str(caught.value)
    assert str(caught.value).endswith(".")


def test_truncation_names_both_sizes(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModelError, match=rf"has {len(PB) - 10:,} bytes, its content claims {len(PB):,}"):
        detect(folder_with(tmp_path, PB[:-10]))


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    for size in range(0, len(PB), max(1, len(PB) // 50)):
        with pytest.raises(UnreadableModelError):
            detect(folder_with(tmp_path, PB[:size]))


def test_a_file_over_2_gib_is_refused(tmp_path: Path) -> None:
    payload = 2**31
    size_prefix = b"\x80\x80\x80\x80\x08"
    graph = b"\x12" + size_prefix
    with (tmp_path / "saved_model.pb").open("wb") as stream:
        stream.write(b"\x08\x01\x12")
        stream.write(b"\x86\x80\x80\x80\x08" + graph)
        stream.truncate(stream.tell() + payload)
    with pytest.raises(UnreadableModelError, match="larger than 2 GiB"):
        detect(tmp_path)


def make_versions(folder: Path) -> None:
    for version in ("1", "2"):
        (folder / version).mkdir()
        folder_with(folder / version, PB)


def make_archive(folder: Path) -> None:
    (folder / "model.tar.gz").write_bytes(b"\x1f\x8b")


def make_frozen(folder: Path) -> None:
    (folder / "frozen.pb").write_bytes(NODE)


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (lambda folder: None, "is an empty folder"),
        (make_versions, "holds 2 model folder(s): 1, 2; pass one of them"),
        (make_archive, "unpack model.tar.gz first"),
        (make_frozen, "pass the model file itself, e.g. frozen.pb"),
        (lambda folder: (folder / "README").write_text("x"), "has no saved_model.pb or saved_model.pbtxt"),
    ],
)
def test_folders_that_are_no_model(tmp_path: Path, make: Callable[[Path], None], cause: str) -> None:
    make(tmp_path)
    with pytest.raises(UnreadableModelError) as caught:
        detect(tmp_path)
    assert cause in str(caught.value)


def test_missing_paths_and_broken_links(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModelError, match="does not exist"):
        detect(tmp_path / "nothing")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    with pytest.raises(UnreadableModelError, match=r"symbolic link to .*gone, which does not exist"):
        detect(tmp_path / "link")
    (tmp_path / "saved_model.pb").symlink_to(tmp_path / "annexed")
    with pytest.raises(UnreadableModelError, match=r"symbolic link to .*annexed, which does not exist"):
        detect(tmp_path)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_with(tmp_path, PB)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # a chmod would not stop root
    with pytest.raises(UnreadableModelError, match="permission denied; make it readable"):
        detect(tmp_path)


def test_a_pipe_named_like_a_model_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.pb")
    with pytest.raises(UnreadableModelError, match="not a regular file"):
        detect(tmp_path / "model.pb")
    (tmp_path / "saved_model.pb").mkdir()
    with pytest.raises(UnreadableModelError, match=r"no saved_model\.pb"):
        detect(tmp_path)


def test_detection_does_not_import_tensorflow() -> None:
    code = "import sys, migrate.legacy.detect, migrate.legacy.find; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


OTHER_PROTOS = {
    "a VariableDef": length_delimited(1, b"w:0") + length_delimited(2, b"w/Assign") + length_delimited(3, b"w/read:0"),
    "an OpDef": length_delimited(1, b"Add") + length_delimited(2, length_delimited(1, b"x") + b"\x18\x01"),
    "a tf.Example": length_delimited(1, length_delimited(1, length_delimited(1, b"age") + length_delimited(2, b""))),
    "a MetaGraphDef of signatures alone": META_INFO + length_delimited(5, length_delimited(1, b"serving_default")),
}


@pytest.mark.parametrize("content", OTHER_PROTOS.values(), ids=OTHER_PROTOS)
@pytest.mark.parametrize("name", ["saved_model.pb", "frozen.pb"])
def test_another_proto_is_called_that(content: bytes, name: str, tmp_path: Path) -> None:
    model = tmp_path if name == "saved_model.pb" else tmp_path / name
    folder_with(tmp_path, content, name)
    with pytest.raises(UnreadableModelError, match="it is a protobuf of another type"):
        detect(model)


@pytest.mark.parametrize("name", ["model.pb", "graph.meta.pb"])
def test_a_meta_graph_under_another_name_is_no_damaged_checkpoint(name: str, tmp_path: Path) -> None:
    folder_with(tmp_path, META_GRAPH, name)
    detection = detect(tmp_path / name)
    assert detection.kind is ModelKind.META_GRAPH
    assert checkpoint_of(detection) is None
    with pytest.raises(Tf1to2Error, match="lacks the attribute 'dtype'"):  # of its own graph, no checkpoint is missed
        read_models(tmp_path / name)


def test_a_meta_graph_without_nodes_is_one(tmp_path: Path) -> None:
    folder_with(tmp_path, META_INFO + length_delimited(2, b""), "empty.meta")
    assert detect(tmp_path / "empty.meta").kind is ModelKind.META_GRAPH
