"""A framework for the tests: NumPy's float64 reference run as if it were one, and ways to misbehave."""
