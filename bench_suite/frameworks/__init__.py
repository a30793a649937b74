"""How it is computed: one folder per framework, and one table of text. A framework is imported here and nowhere else."""
