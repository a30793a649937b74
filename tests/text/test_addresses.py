"""What of an address is shown: no password and no token, and all the rest."""

from __future__ import annotations

import pytest

from speedscore.text.addresses import without_credentials, without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("lib @ git+https://me:secret@host/lib.git@main", "lib @ git+https://host/lib.git@main"),
        ("--gate-upgrade=lib@git+https://TOKEN@host/lib", "--gate-upgrade=lib@git+https://host/lib"),
        ("https://me:pass@word@host:8080/simple", "https://host:8080/simple"),
        ("failed: 'http://a:b@one/x' and http://c:d@two", "failed: 'http://one/x' and http://two"),
        ("git+ssh://git:secret@host/lib", "git+ssh://host/lib"),
    ],
)
def test_what_stands_before_the_host_is_not_shown(text: str, shown: str) -> None:
    assert without_credentials(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "git+ssh://git@host/lib.git@v1",
        "git+https://host/lib.git@0123abc",
        "file:///home/me@work/lib",
        "https://host?mail=me@home",
        "see https://host and me@home",
        "jax==0.8.0",
    ],
)
def test_all_else_is_shown_as_it_is(text: str) -> None:
    assert without_credentials(text) == text


def test_the_query_of_an_address_is_no_part_of_what_is_installed() -> None:
    told = "lib @ https://me:token@host/lib.whl?sig=secret,more#sha256=ab"
    assert without_secrets(told) == "lib @ https://host/lib.whl#sha256=ab"
    assert without_secrets("lib==1.0") == "lib==1.0"
