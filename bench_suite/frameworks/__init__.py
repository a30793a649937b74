"""How it is computed: one folder per framework, and a table of text. Frameworks are imported here and nowhere else."""
