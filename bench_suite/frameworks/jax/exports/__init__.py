"""Converters of JAX's models, whatever library they are written in, and what runs the artefacts that need JAX."""
