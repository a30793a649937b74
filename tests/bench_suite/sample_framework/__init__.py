"""A framework for the tests: NumPy's float64 reference run as if it were one, and ways to misbehave.

Its other modules are what a session of the tests has in its conftest, or loads as a pytest plugin.
"""
