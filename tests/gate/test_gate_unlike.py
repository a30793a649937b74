"""A real gate of benchmarks that time different things on base and head, or nothing: none is called unchanged."""

from __future__ import annotations

import pytest

from tests.gate.sample_repository import AT_A_GLANCE, Ran, Repository, sample


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    repository = Repository(tmp_path_factory.mktemp("unlike") / "repository", settings=AT_A_GLANCE)
    repository.commit({"test_unlike.py": sample("unlike_benchmarks.py")})
    repository.write({"test_unlike.py": sample("unlike_benchmarks.py", on_head=True)})
    return repository.run("--gate", "HEAD")


def reason(ran: Ran, name: str) -> str:
    verdict = ran.verdicts()[name]
    assert verdict["outcome"] == "not comparable", verdict
    return str(verdict["reason"])


def test_the_others_go_on(ran: Ran) -> None:
    assert ran.outcomes("units") == {"test_sound": "unchanged"}
    assert ran.verdicts()["test_sound"]["outcome"] == "inconclusive"


def test_values_without_a_seed_are_compared_and_told(ran: Ran) -> None:
    verdict = ran.verdicts()["test_drawn[drawn]"]
    assert verdict["outcome"] == "inconclusive"
    assert "parameter value is another in each process: give it a seed" in verdict["notes"]


def test_what_nobody_has_run_was_not_timed(ran: Ran) -> None:
    assert "it returns a coroutine that nobody has run" in reason(ran, "test_coroutine")
    assert "it returns a generator that nobody has run" in reason(ran, "test_lazy_on_head")
    assert list(ran.report["missing"]) == [
        "test_unlike.py::test_lazy_on_head",
        "test_unlike.py::test_writes_to_every_pipe",
    ]


@pytest.mark.parametrize("place", [0, 1])
def test_parameters_of_one_id_that_differ_are_named(ran: Ran, place: int) -> None:
    base, head = (1, 2) if place == 0 else (2, 1)
    assert reason(ran, f"test_reordered[config{place}]").startswith(
        f"parameter config.size is {base} on base and {head} on head"
    )


def test_another_clock_is_named(ran: Ran) -> None:
    assert reason(ran, "test_other_clock").startswith(
        "timer is time.perf_counter on base and time.process_time on head"
    )


def test_another_setting_of_the_garbage_collector_is_named(ran: Ran) -> None:
    assert reason(ran, "test_collector").startswith("garbage collection is on")


@pytest.mark.parametrize("pedantic", [False, True])
def test_a_clock_that_stands_still_is_seen_by_another_that_does_not(ran: Ran, pedantic: bool) -> None:
    assert reason(ran, f"test_frozen[{pedantic}]").startswith("its timer stands still")


@pytest.mark.parametrize("counts", [{"units": "100"}, {"units": None}, {"units": float("inf")}, 7], ids=str)
def test_a_figure_of_the_wrong_kind_costs_its_own_case(ran: Ran, counts: object) -> None:
    assert reason(ran, f"test_wrong_count[{counts}]").startswith("expected a ")


def test_an_id_that_holds_an_address_is_named_as_the_cause(ran: Ran) -> None:
    assert reason(ran, "test_address").endswith("it holds an address in memory now")


def test_ids_in_the_order_of_a_set_are_the_same_on_both_sides(ran: Ran) -> None:
    assert {ran.verdicts()[f"test_of_a_set[{name}]"]["outcome"] for name in "abc"} == {"inconclusive"}


def test_what_a_test_writes_to_the_gates_pipe_costs_its_own_case(ran: Ran) -> None:
    assert reason(ran, "test_writes_to_every_pipe").startswith(
        "head sent what is no message of a side: its test has written to our pipe"
    )


def test_a_reason_is_bounded_and_text(ran: Ran) -> None:
    why = reason(ran, "test_long_reason")
    assert why.startswith("failed (call: ValueError: ?xxx")
    assert len(why) < 600
