"""Which cases there are: frameworks, models, devices and phases, as text.

No framework is imported here, and no device is opened.
"""
