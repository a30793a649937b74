"""The workloads in Haiku: transformed functions over dictionaries, jitted as raw JAX's are."""
