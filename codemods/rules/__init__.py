"""One module a rule, and the registry that finds them."""
