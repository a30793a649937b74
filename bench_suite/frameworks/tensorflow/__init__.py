"""The workloads in TensorFlow: plain operations on variables, each step one function that XLA compiles."""
