"""Rounds, their order, when to stop, and what memory was used. Knows programs by their verbs, never a framework."""
