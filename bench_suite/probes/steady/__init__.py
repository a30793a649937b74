"""The steady state: what interrupts a long run of it, and what leaving it for another batch size costs."""
