"""Figures, tables and messages as people read them, the same in every command. Nothing here decides anything."""
