"""A NaN in the loss: is there a switch that finds it, does it name the line and the operation, and what does it cost?

The step is a small model whose last line takes the logarithm or the square root of a negative number. Both give a NaN
in the loss; the gradient of the logarithm stays finite, so whoever looks at gradients alone finds only the other.
The switch is the one that the framework's documentation names; what it says is judged by text alone. ``seconds`` are
those of one healthy step with the switch on; the measurements hold the steps without it, taken in turn.
"""

from __future__ import annotations

import importlib
import math
import re
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from speedscore.bench_suite.frameworks.nan_steps import HEALTHY_OFFSET, NAN_OFFSET, NanSteps, Step, mark
from speedscore.bench_suite.frameworks.table import FRAMEWORKS
from speedscore.bench_suite.probes.probe import Answer, ProbeCase, probed_frameworks
from speedscore.bench_suite.probes.production.programs import probing_module
from speedscore.bench_suite.probes.tools import Tools
from speedscore.text.numbers import first_line

OPERATIONS = ("log", "sqrt")
MODES = {"torch": ("eager", "compile"), "tensorflow": ("function", "xla")}
"""How the step is run, by framework; on JAX it is always ``jit``."""
SWITCHES = {
    "jax": "jax.debug_nans",
    "pytorch": "torch.autograd.set_detect_anomaly",
    "tensorflow": "tf.debugging.enable_check_numerics",
}
"""By ecosystem; a framework of another one is not asked."""
ROUNDS = 15
STEPS_PER_ROUND = 4
_THIS = "speedscore.bench_suite.probes.production.nan"


def list_cases() -> Sequence[ProbeCase]:
    """An operation by a mode, for every framework that has a switch."""
    return [
        ProbeCase("nan", framework=line.id, subject=operation, target=mode)
        for line in probed_frameworks()
        if line.ecosystem in SWITCHES
        for operation in OPERATIONS
        for mode in MODES.get(line.id, ("jit",))
    ]


def ask(case: ProbeCase, tools: Tools) -> Answer:
    """Run the step with the switch on, healthy and not."""
    line = FRAMEWORKS[case.framework]
    process = tools.start()
    seen = process.call(
        f"{_THIS}:provoke",
        verbs=probing_module(case.framework, "nan"),
        operation=case.subject,
        mode=case.target,
    )
    versions = process.versions(*line.distributions)
    return judge(seen, operation=case.subject, switch=SWITCHES[line.ecosystem], versions=versions)


def judge(seen: Mapping[str, Any], *, operation: str, switch: str, versions: dict[str, str]) -> Answer:
    """What ``provoke`` saw, by these rules.

    ``refused``: a healthy step fails as soon as the switch is on. ``not found``: the loss is a NaN and nothing is said.
    Else something was raised: ``names the line`` where message, warnings or traceback name the line that made the NaN,
    ``names the operation`` where the message or a warning does so, ``found`` where it does neither. Raises ValueError
    when the step without the switch gives no NaN, for then nothing was asked.
    """
    if seen["loss_without_switch"] is not None:
        raise ValueError(f"expected a NaN in the loss without the switch, found {seen['loss_without_switch']}")
    said = f"{seen['message']}\n{seen['warnings']}"
    line = names_line(f"{said}\n{seen['traceback']}", Path(seen["file"]), int(seen["line"]))
    named = re.search(rf"(?i)\b{operation}(?:backward\d*)?\b", said) is not None
    if seen["refused"]:
        outcome = "refused"
    elif not seen["raised"]:
        outcome = "not found"
    else:
        outcome = "names the line" if line else "names the operation" if named else "found"
    found = outcome.startswith(("names", "found"))
    off, on = seen["seconds_off"], seen["seconds_on"]
    return Answer(
        outcome,
        tuple(on or off),
        versions,
        reason=first_line(seen["message"]),
        observations={"switch": switch, "names_line": found and line, "names_operation": found and named},
        measurements={"switch_off_step_seconds": off} | ({"switch_on_step_seconds": on} if on else {}),
    )


def names_line(text: str, path: Path, line: int) -> bool:
    """True where the text names that line of that file, as Python, TensorFlow or a compiler write it.

    The last two parts of the path have to match, for long paths are shown without their beginning.
    """
    tail = re.escape("/".join(path.parts[-2:]))
    return re.search(rf'{tail}(?:", line |:| \(L){line}\b', text) is not None


def provoke(memory: dict[str, Any], *, verbs: str, operation: str, mode: str) -> dict[str, Any]:
    """Runs in the framework's process; everything that it says as it finds the NaN, and seconds per step by turns."""
    del memory
    module = cast(NanSteps, importlib.import_module(verbs))
    file = str(importlib.import_module(verbs).__file__)
    seen: dict[str, Any] = {
        "file": file,
        "line": find_marked_line(Path(file).read_text(), operation),
        "raised": False,
        "refused": False,
        "message": "",
        "warnings": "",
        "traceback": "",
        "seconds_on": [],
    }
    plain = module.make_step(operation=operation, mode=mode)
    loss = plain(NAN_OFFSET)
    seen["loss_without_switch"] = None if math.isnan(loss) else loss
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stage = "refused"
        try:
            with module.switch():
                checked = module.make_step(operation=operation, mode=mode)
                checked(HEALTHY_OFFSET)
                stage = "raised"
                checked(NAN_OFFSET)
        except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
            seen[stage] = True
            seen["message"] = str(error)
            seen["traceback"] = "".join(traceback.format_exception(error))
    seen["warnings"] = "\n".join(str(each.message) for each in caught)
    seen["seconds_off"] = []
    for _ in range(ROUNDS):
        seen["seconds_off"].append(_time_round(plain))
        if not seen["refused"]:
            with module.switch():
                seen["seconds_on"].append(_time_round(checked))
    return seen


def find_marked_line(source: str, operation: str) -> int:
    """The number of the line that is marked for the operation. Raises ValueError unless there is exactly one."""
    numbers = [number for number, text in enumerate(source.splitlines(), 1) if text.endswith(mark(operation))]
    if len(numbers) != 1:
        raise ValueError(f"expected one line that ends with {mark(operation)!r}, found {len(numbers)}")
    return numbers[0]


def _time_round(step: Step) -> float:
    """Seconds per step, after one that is not counted: going in and out of the switch may cost something of its own."""
    step(HEALTHY_OFFSET)
    began = time.perf_counter()
    for _ in range(STEPS_PER_ROUND):
        step(HEALTHY_OFFSET)
    return (time.perf_counter() - began) / STEPS_PER_ROUND
