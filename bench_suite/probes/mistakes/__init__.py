"""What a framework says when a person errs: classic mistakes, each run beside an honest twin, and judged by rules.

The programs and the rules are data in ``fixtures/mistakes``. What a user would see is caught as text, and judged on
that text alone. No framework is imported here, and no message is looked up by the name of its framework.
"""
