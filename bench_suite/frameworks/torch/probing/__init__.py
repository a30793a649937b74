"""What a probe does inside a process of PyTorch: a module a question."""
