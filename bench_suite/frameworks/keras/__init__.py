"""Keras 3 on JAX, TensorFlow and PyTorch. Nothing is imported until a worker asks for a model."""
