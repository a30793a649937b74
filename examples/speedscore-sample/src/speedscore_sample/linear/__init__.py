"""A linear classifier as a model of the matrix: what is computed, its reference, and three ways to do so."""
