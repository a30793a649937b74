"""Dated, sourced facts: what they are, how they are read and checked. Nothing here ranks or fills in."""
