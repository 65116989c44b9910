"""Rewrap: a TF1 model in, a native TF2 SavedModel out."""

from migrate.preflight.model_options import ModelOptions
from migrate.rewrap.pipeline import RewrapResult, rewrap

__all__ = ["ModelOptions", "RewrapResult", "rewrap"]
