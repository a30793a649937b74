"""What a probe does inside a process of Haiku, where that differs from raw JAX: a module a question."""
