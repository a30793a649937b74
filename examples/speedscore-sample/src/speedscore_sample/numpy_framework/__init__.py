"""Plain NumPy as a framework: forward and backward passes by hand, on the CPU, in float32."""
