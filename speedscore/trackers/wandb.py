"""A run in Weights & Biases: configuration, summary, rounds as steps, and the saved run among its files.

It writes a run that is offline, which ``wandb sync`` sends when somebody wants it sent, unless WANDB_MODE asks for
something else. Nothing is said of this process and its machine, which are not those that were measured.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from speedscore.host.extras import require
from speedscore.trackers.errors import TrackerError
from speedscore.trackers.logged_run import LoggedRun
from speedscore.trackers.outcome import Outcome

_OFFLINE = "offline"
_NOWHERE = "disabled"


def log(run: LoggedRun, place: str | None) -> Outcome:
    """Log the run below ``wandb`` in the folder ``place``, or in that of WANDB_DIR or the present one.

    Offline, a run that is there is not logged again; online, Weights & Biases refuses it. The project is that of
    WANDB_PROJECT, or ``speedscore``. Raises TrackerError and MissingExtraError.
    """
    require("trackers", "wandb")
    folder = Path(place or os.environ.get("WANDB_DIR") or ".")
    mode = os.environ.get("WANDB_MODE") or _OFFLINE
    if mode == _NOWHERE:
        raise TrackerError(f"Weights & Biases: WANDB_MODE is {mode}, so nothing would be logged; unset it")
    if mode == _OFFLINE:
        return _log_offline(run, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(run, folder, mode=mode)
    except OSError as error:
        raise TrackerError(f"{folder}: not written ({error.strerror}); name a folder that can be written") from error
    return Outcome(str(folder / "wandb"), is_new=True)


def _log_offline(run: LoggedRun, folder: Path) -> Outcome:
    runs = folder / "wandb"
    # Weights & Biases reads the age of a run from its folder's name, so the name is left as it gave it.
    pattern = f"offline-run-*-{run.id}"
    if there := next(runs.glob(pattern), None):
        return Outcome(str(there), is_new=False)
    beside = folder / f".writing-{secrets.token_hex(8)}"
    try:
        beside.mkdir(parents=True)
        with _variables(beside):
            _write(run, beside, mode=_OFFLINE)
        (written,) = (beside / "wandb").glob(pattern)
        runs.mkdir(exist_ok=True)
        target = written.rename(runs / written.name)
    except OSError as error:
        raise TrackerError(f"{runs}: not written ({error.strerror}); name a folder that can be written") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Outcome(str(target), is_new=True)


def _write(run: LoggedRun, folder: Path, *, mode: str) -> None:
    import wandb

    settings = wandb.Settings(
        console="off",
        disable_code=True,
        disable_git=True,
        silent=True,
        x_disable_machine_info=True,
        x_disable_meta=True,
        x_disable_stats=True,
        x_save_requirements=False,
    )
    try:
        logging = wandb.init(
            project=os.environ.get("WANDB_PROJECT") or "speedscore",
            id=run.id,
            name=run.title,
            dir=str(folder),
            mode=mode,  # type: ignore[arg-type]  # A mode that there is not is refused by wandb.
            resume="never",
            config=run.texts,
            settings=settings,
        )
        for step in range(max(map(len, run.series.values()), default=0)):
            logging.log({name: values[step] for name, values in run.series.items() if step < len(values)}, step=step)
        logging.summary.update(run.numbers)
        copy = Path(logging.dir) / "run.json"
        shutil.copyfile(run.file, copy)
        logging.save(str(copy), base_path=logging.dir, policy="now")
        logging.finish()
    except (wandb.Error, ValueError) as error:
        raise TrackerError(f"Weights & Biases: {error}") from error
    finally:
        # Ends the process that wandb started, which would otherwise live as long as this one.
        wandb.teardown()


@contextmanager
def _variables(folder: Path) -> Iterator[None]:
    """Have wandb keep its own logs and settings in the folder, not in the user's home, and report no crash."""
    places = {name: str(folder / name.lower()) for name in ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR")}
    new = {
        name: value for name, value in {**places, "WANDB_ERROR_REPORTING": "false"}.items() if name not in os.environ
    }
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)
