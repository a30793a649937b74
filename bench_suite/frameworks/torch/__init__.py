"""PyTorch, eager and compiled. Nothing is imported until a worker asks for a model."""
