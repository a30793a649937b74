"""Addresses in a text that is to be shown, without the name and the password that may stand before the host.

A name alone may be a token, but for ssh, where it is the server's and belongs to the address. Nothing is looked up.
"""

from __future__ import annotations

import re

_CREDENTIALS = re.compile(r"(?<=://)(?<!ssh://)[^/?#\s]*@|(?<=ssh://)[^/?#\s]*:[^/?#\s]*@")
_QUERY = re.compile(r"(?<=\S)\?[^#\s]*")


def without_credentials(text: str) -> str:
    """``text`` with every address in it as it may be shown."""
    return _CREDENTIALS.sub("", text)


def without_secrets(text: str) -> str:
    """One address, or a requirement with one, without its query too: there an index may put a token or a signature."""
    return _QUERY.sub("", without_credentials(text))
