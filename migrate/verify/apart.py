"""Proves in a folder of its own: what a model writes to relative paths while it is run does not reach the user's."""

from __future__ import annotations

from pathlib import Path

from migrate.errors import Tf1to2Error
from migrate.files.disk import full_disk
from migrate.files.scratch import temporary_folder, working_folder
from migrate.text.spelling import as_written
from migrate.verify.proof import Proof, ProofOptions


def prove_apart(old: Path, new: Path, options: ProofOptions) -> Proof:
    """Compare two models as `prove_here` does, in an empty working folder that goes afterwards.

    Raises:
        Tf1to2Error: the old model cannot serve as the reference, or the disk of temporary files is full.
    """
    from migrate.verify.prover import prove_here

    paths = (old, new)
    old_place, new_place = old.absolute(), new.absolute()
    try:
        with working_folder():
            proof = prove_here(old_place, new_place, options)
    except Tf1to2Error as error:
        raise type(error)(as_written(str(error), paths)) from error
    except Exception as error:
        full = full_disk(error, temporary_folder())
        if full is None:
            raise
        raise Tf1to2Error(full) from error
    return as_written(proof, paths)
