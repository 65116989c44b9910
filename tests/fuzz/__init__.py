"""Seeded damage, run by hand at length (`python -m tests.fuzz.damaged_models --count 2000`) and briefly as tests."""
