"""What pages are made from: templates, styles and scripts, read from this folder, and what fills the templates.

It needs Jinja and nothing that draws: a gate's page is made where neither NumPy nor what draws charts is installed.
"""

from __future__ import annotations

import importlib.resources

import jinja2
from markupsafe import Markup


def environment() -> jinja2.Environment:
    """In which pages are made: whatever is put into one is escaped."""
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: read_text(f"templates/{name}")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def styles() -> Markup:
    """What every page of ours looks like."""
    return Markup(read_text("styles.css"))


def read_text(name: str) -> str:
    """A file of this folder."""
    return (importlib.resources.files(__package__) / name).read_text(encoding="utf-8")
