"""Converters of TensorFlow's models, and what runs the artefacts that need TensorFlow."""
