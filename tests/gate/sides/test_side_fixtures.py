"""What a side knows of fixtures: which tests use one, and which one an exception is from."""

from __future__ import annotations

import pytest
from speedscore_gate_fixtures import failed_in, fixture_users, fixtures_of, key_of, mark_failure, parameter_of


@pytest.fixture(scope="module")
def drawer() -> str:
    return "drawer"


@pytest.fixture
def till(drawer: str) -> str:
    return f"till in {drawer}"


class TestOfAClass:
    @pytest.fixture
    def till(self, till: str) -> str:
        return f"another {till}"

    @pytest.fixture
    def drawer(self) -> str:
        return "another drawer"

    def test_it_uses_its_own_fixture_and_the_one_that_this_is_made_from(
        self, request: pytest.FixtureRequest, till: str, drawer: str
    ) -> None:
        assert (till, drawer) == ("another till in another drawer", "another drawer")
        own, outer = request.node.parent.nodeid, request.node.parent.parent.nodeid
        keys = fixture_users([request.node]).keys()
        assert {key for key in keys if "::till" in key} == {f"{own}::till", f"{outer}::till"}
        assert {key for key in keys if "::drawer" in key} == {f"{own}::drawer"}, "that of the module is not made"


def test_a_fixture_knows_the_tests_that_ask_for_it_at_one_remove(request: pytest.FixtureRequest, till: str) -> None:
    assert till
    other = pytest.Function.from_parent(request.node.parent, name="other", callobj=lambda: None)
    users = fixture_users([other, request.node, other, request.node])
    assert users[f"{request.node.parent.nodeid}::drawer"] == [1, 3]


@pytest.fixture(params=["tcp", "unix"])
def server(request: pytest.FixtureRequest) -> str:
    assert parameter_of(request) == ["tcp", "unix"].index(request.param)
    return str(request.param)


def test_who_uses_a_fixture_with_another_parameter_does_not_use_the_same(
    request: pytest.FixtureRequest, server: str
) -> None:
    """One may want a port and wait, and the other not."""
    (key,) = (key for key in fixture_users([request.node]) if "::server" in key)
    assert key.endswith(f"::server[{['tcp', 'unix'].index(server)}]")
    assert parameter_of(request) is None


def test_an_exception_is_of_the_innermost_fixture_that_it_went_through(
    request: pytest.FixtureRequest, till: str
) -> None:
    by_name = {definition.argname: definition for definition in fixtures_of(request.node)}
    error = OSError(till)
    assert failed_in(error) == ""
    mark_failure(error, by_name["drawer"])
    mark_failure(error, by_name["till"])
    assert failed_in(error) == "drawer"
    assert key_of(by_name["till"], None).endswith("test_side_fixtures.py::till")
