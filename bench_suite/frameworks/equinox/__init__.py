"""The workloads in Equinox: modules that are trees, under ``eqx.filter_jit``."""
