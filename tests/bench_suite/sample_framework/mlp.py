"""Marks that the sample framework has this model; the program finds the NumPy functions itself."""
