"""Questions put to a framework that no stopwatch answers: does a model leave it, and what does it say of a mistake.

Each is a pytest case, asked in fresh processes, and its answer stands in the run beside the measured cases. A probe
asks and reports: it ranks nothing, and what it could not ask stays unknown. No framework is imported here, neither by
pytest's side nor by a module of this package; what needs one lies in that framework's own folder and is called by name.
"""
