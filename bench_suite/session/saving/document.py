"""A session's run as one JSON document: pytest-benchmark's own form, with our block beside what strangers put there.

Whatever other plugins or tests get wrong costs their own part of the document, with a line that names it, and never
the run. It writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
import pytest

from speedscore.bench_suite.session.saving.plain_values import to_plain
from speedscore.record.run_file import BLOCK_KEY
from speedscore.record.run_record import RunRecord

Value = TypeVar("Value")

_MOST_LINES = 5


class Document(msgspec.Struct, frozen=True):
    """The document as it is written, and what was changed for it."""

    content: dict[str, Any]
    """Plain JSON values."""
    lines: tuple[str, ...]
    """What had to be changed or left out, with the test and the key."""

    @property
    def text(self) -> str:
        return json.dumps(self.content, indent=4, allow_nan=False)


def make_document(config: pytest.Config, benchmark_session: Any, run: RunRecord, *, include_data: bool) -> Document:
    """The document of a run. ``benchmark_session`` is pytest-benchmark's, or None where it is switched off."""
    maker = _Maker(config, benchmark_session)
    content, replaced = to_plain(maker.make(include_data=include_data))
    lines = [*maker.lines, *(_saved_as_text(content, path, text) for path, text in replaced)]
    if (more := len(lines) - _MOST_LINES) > 0:
        lines[_MOST_LINES:] = [f"{more} more values of other plugins or tests had to be changed"]
    # As it is written to a journal too: a number that is not finite becomes null.
    content[BLOCK_KEY] = msgspec.json.decode(msgspec.json.encode(run))
    return Document(content, tuple(lines))


class _Maker:
    """Asks pytest-benchmark and the plugins that answer its hooks."""

    def __init__(self, config: pytest.Config, benchmark_session: Any) -> None:
        self._config = config
        self._session = benchmark_session
        self.lines: list[str] = []

    def make(self, *, include_data: bool) -> dict[str, Any]:
        document = {"machine_info": {}, "commit_info": {}, "benchmarks": [], "datetime": datetime.now(UTC).isoformat()}
        if self._session is None:
            return document
        hook = self._config.hook
        self._leave_out_what_has_no_figures()
        benchmarks = self._session.benchmarks
        machine_info = self._try("machine_info", self._session.get_machine_info, document["machine_info"])
        commit_info = self._try("commit_info", self._commit_info, document["commit_info"])
        document = self._try(
            "the benchmarks of pytest-benchmark",
            lambda: hook.pytest_benchmark_generate_json(
                config=self._config,
                benchmarks=benchmarks,
                include_data=include_data,
                machine_info=machine_info,
                commit_info=commit_info,
            ),
            document | {"machine_info": machine_info, "commit_info": commit_info},
        )
        self._try(
            "what a plugin adds with pytest_benchmark_update_json",
            lambda: hook.pytest_benchmark_update_json(config=self._config, benchmarks=benchmarks, output_json=document),
            None,
        )
        return document

    def _commit_info(self) -> Any:
        commit_info = self._config.hook.pytest_benchmark_generate_commit_info(config=self._config)
        self._config.hook.pytest_benchmark_update_commit_info(config=self._config, commit_info=commit_info)
        return commit_info

    def _leave_out_what_has_no_figures(self) -> None:
        """A benchmark that was cut off has none; pytest-benchmark's own table would fall over it as well."""
        for benchmark in list(self._session.benchmarks):
            try:
                if benchmark.has_error or not benchmark:
                    continue
                benchmark.as_dict(include_data=False)
            except Exception as error:  # noqa: BLE001 - statistics of whatever a stranger's timer gave
                self.lines.append(f"{benchmark.fullname}: left out of the saved run ({_words(error)})")
                self._session.benchmarks.remove(benchmark)
        self._session.benchmarks[:] = [each for each in self._session.benchmarks if each or each.has_error]

    def _try(self, what: str, make: Callable[[], Value], otherwise: Value) -> Value:
        try:
            return make()
        except Exception as error:  # noqa: BLE001 - a stranger's hook must not cost the run
            self.lines.append(f"{what}: left out of the saved run ({_words(error)})")
            return otherwise


def _words(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _saved_as_text(content: dict[str, Any], path: str, text: str) -> str:
    """Names the test where the value is one of a test's."""
    where = path.split(".", 2)
    if where[0] == "benchmarks" and len(where) > 2:
        path = f"{content['benchmarks'][int(where[1])].get('fullname', where[1])}: {where[2]}"
    return f"{path} is {text}, which JSON cannot hold: saved as text"
