"""What a team meets that runs a framework in production, beside speed and export: one module a question."""
