"""The HTML: one file with its styles, scripts and charts inside, which opens from disk and asks no network for a thing.

``page`` fills the templates, which escape all they are given; a Content-Security-Policy lets only the scripts run that
are in the file by name of their hash, so that a text from outside could not become one even if it got through.
``files`` is what a gate's page, which has neither scripts nor charts, is made with as well.
"""
