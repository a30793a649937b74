"""Flax NNX: models of ``nnx.Module`` objects, trained in place under ``nnx.jit`` or as state under ``jax.jit``."""
