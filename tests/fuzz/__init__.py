"""Long runs over seeded random inputs and moments, started by hand; small slices of some of them are tests."""
