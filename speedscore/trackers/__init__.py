"""Saved runs in the experiment trackers that people have: MLflow, TensorBoard, Weights & Biases.

Each tracker is a file, and is imported only there. What is logged has one set of names for all of them. Nothing is
measured and nothing is judged here.
"""
