"""What a probe does inside a process of JAX, or of a library on JAX that has no way of its own: a module a question."""
