"""Legacy models as TensorFlow's own TF1 loader takes them."""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from migrate.legacy.asked import NOTHING, Asked
from migrate.legacy.detect import SAVED_MODEL_NAMES, main_file_of
from migrate.legacy.model import LegacyModel
from migrate.legacy.read import read_models


@contextmanager
def loadable(path: Path, asked: Asked = NOTHING) -> Iterator[Path]:
    """Yield a SavedModel folder of the model at `path`: that itself where it is one, else one that goes afterwards.

    Raises:
        Tf1to2Error: it is of a kind that is not read, or damaged.
    """
    main_file = main_file_of(path) if path.is_dir() else None
    if main_file is not None and main_file.name in SAVED_MODEL_NAMES and asked == NOTHING:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="tf1to2-laid-out-") as folder:
        models = read_models(path, asked)
        lay_out(models, Path(folder))
        yield Path(folder)
        del models  # a checkpoint that was converted goes with them


def lay_out(models: Sequence[LegacyModel], folder: Path) -> None:
    """Make a TF1 SavedModel in an empty folder; the files of the checkpoint and the assets are links.

    Raises:
        RefusedModelError: an asset lies outside of its model.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    proto = saved_model_pb2.SavedModel(saved_model_schema_version=1, meta_graphs=[one.meta_graph for one in models])
    (folder / "saved_model.pb").write_bytes(proto.SerializeToString(deterministic=True))
    (folder / "assets").mkdir()
    for asset in (asset for one in models for asset in one.meta_graph.asset_file_def):
        link = folder / "assets" / asset.filename
        if not link.is_symlink():
            link.symlink_to(models[0].asset_path(asset.filename).absolute())
    prefix = models[0].checkpoint
    (folder / "variables").mkdir()
    for file in prefix.parent.glob(f"{glob.escape(prefix.name)}.*"):
        (folder / "variables" / f"variables{file.name.removeprefix(prefix.name)}").symlink_to(file.absolute())
