"""What is computed: shapes, batches, canonical weights, losses and FLOPs, in NumPy and free of any framework."""
