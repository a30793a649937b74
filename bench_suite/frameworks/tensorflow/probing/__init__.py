"""What a probe does inside a process of TensorFlow: a module a question."""
