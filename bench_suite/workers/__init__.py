"""The fresh process that holds one program: how it is isolated, spoken to, certified and timed."""
