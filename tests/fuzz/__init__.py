"""Seeded generators of damaged and hostile inputs, run by hand; a slice of each is a test."""
