"""What a sign of a machine makes of the placing that it is about. It asks nobody and places nothing."""

from __future__ import annotations

from speedscore.fleet import wire
from speedscore.fleet.log_folder import LogFolder
from speedscore.fleet.placing import Placing
from speedscore.fleet.work import Event
from speedscore.text.cleaning import one_line


def events_of(sign: wire.Sign, placing: Placing, *, number: int, logs: LogFolder | None) -> list[Event]:
    """``number`` is that of the placing; ``logs`` is for what was printed, where anybody asked for that."""
    match sign:
        case wire.Message(message):
            return placing.hear(number, message)
        case wire.Log(content):
            placed = placing.placed(number)
            if placed is not None and logs is not None:
                log = logs.keep(placed.piece.name, placed.machine, nth=placed.nth, content=content)
                placing.note_log(number, log)
            return []
        case wire.Done(answer):
            return placing.answer(number, answer)
        case wire.Raised(reason):
            return placing.fail(number, one_line(reason))
        case wire.Broke(reason):
            return placing.lose(number, one_line(reason))
        case wire.Beat():
            return []
