"""Estimators: what exports them, where they come from, their receivers, and those made of Keras models."""
