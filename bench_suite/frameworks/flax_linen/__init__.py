"""Flax Linen: models of ``flax.linen`` modules, driven as raw JAX is."""
