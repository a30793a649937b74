"""What learning probes need inside TensorFlow's process, beyond calling it by name."""
