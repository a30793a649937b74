"""Converters of PyTorch's models, and what opens the artefacts that need PyTorch or ExecuTorch. It runs no model."""
