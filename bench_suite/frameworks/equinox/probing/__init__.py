"""What a probe does inside a process of Equinox, where that differs from raw JAX: a module a question."""
