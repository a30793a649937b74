"""Rounds, the clock that replays them, when to stop, and memory. Knows programs by their verbs, never a framework."""
