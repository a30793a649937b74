"""What a probe does inside a process of Flax NNX, where that differs from raw JAX: a module a question."""
