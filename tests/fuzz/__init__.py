"""Long runs with random damage, started by hand: each takes a seed and prints a table."""
