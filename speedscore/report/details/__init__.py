"""What opens behind a number: where it comes from, down to the raw rounds, the certificate and the machine.

Adding a kind: a module here with ``details(content)``, which answers them all, and a line in ``assembling.DETAILS``;
its address is made in ``identifiers``.
"""
