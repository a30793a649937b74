"""A package that is benchmarked."""
