"""A model behind an HTTP server: LitServe holds the framework's own artefact, and several clients ask it at once.

The artefact is opened by its own target's ``load``, so nothing here knows what it is. Server and clients are processes
of the probe and share its processor; only the loopback address is spoken to.
"""
