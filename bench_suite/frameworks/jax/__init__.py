"""Raw JAX with optax. Nothing is imported until a worker asks for a model."""
