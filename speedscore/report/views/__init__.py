"""What each tab of the report shows, as blocks. A view chooses, orders and words what other packages have found.

Adding a view: a module here with ``view(content)``, which answers a ``View`` or None where there is nothing to show,
and a line in ``assembling.VIEWS``.
"""
