"""Letters between being taken and being printed: which of them can be stopped, and how asking for that goes.

Pure but for the book of stops, which is the witness for it as the provider's other book is for what was sent: one line
for each asking, on disk before anything is answered. A letter that was stopped reaches nobody.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from tests.soak.faults import Misdeed, draw

STOPPABLE: Final = 0.75
"""Share of letters that lie waiting as long as a run lasts; the others are printed as they come."""
PRINTS: Final = "lob"
_WHOLE: Final = 1 << 32


@dataclass(frozen=True)
class Stop:
    """One line of the book of stops.

    Attributes:
        at: When the provider was asked, in seconds since the epoch.
        provider_id: Its name for the letter.
        misdeed: What went wrong with the asking.
        stopped: Whether the letter is out of production from now on, by this asking or an earlier one.
        answer: What was answered: a status, or what came instead.
    """

    at: float
    provider_id: str
    misdeed: Misdeed
    stopped: bool
    answer: str

    @property
    def too_late(self) -> bool:
        """Say whether the answer was that it is being printed."""
        return self.answer == "422"


_STOP = TypeAdapter(Stop)


def is_stoppable(seed: int, personality: str, provider_id: str) -> bool:
    """Say whether a letter lies waiting to be printed as long as nobody looks."""
    digest = hashlib.sha256(f"{seed} press {provider_id}".encode()).digest()
    return personality == PRINTS and int.from_bytes(digest[:4]) < STOPPABLE * _WHOLE


def stop_book(log: Path) -> Path:
    """Return where the provider keeps its book of stops: beside the other."""
    return log.with_suffix(".stops")


def read_stops(log: Path) -> list[Stop]:
    """Return the stops noted so far."""
    book = stop_book(log)
    return [_STOP.validate_json(line) for line in book.read_text().split("\n")[:-1]] if book.exists() else []


class Press:
    """Knows of each letter whether it was stopped or printed, and notes each asking."""

    def __init__(self, seed: int, log: Path) -> None:
        self._seed = seed
        self._book = os.open(stop_book(log), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._asked: Counter[str] = Counter()
        self._stopped: set[str] = set()
        self._printed: set[str] = set()

    def stop(self, provider_id: str, *, calm: bool) -> tuple[Stop, bool]:
        """Stop a letter if that is possible, and note it; return that, and whether it was stopped just now.

        The misdeeds that would refuse a message find it being printed at that very moment.
        """
        self._asked[provider_id] += 1
        misdeed = Misdeed.NONE if calm else draw(self._seed, "stop", provider_id, self._asked[provider_id])
        before = provider_id in self._stopped
        refused = misdeed in {Misdeed.REFUSED, Misdeed.GONE} or not is_stoppable(self._seed, PRINTS, provider_id)
        if misdeed.delivers or misdeed in {Misdeed.REFUSED, Misdeed.GONE}:  # it is heard
            if refused and not before:
                self._printed.add(provider_id)
            if provider_id not in self._printed:
                self._stopped.add(provider_id)
        stopped = provider_id in self._stopped
        if misdeed in {Misdeed.NONE, Misdeed.SLOW_DRIP, Misdeed.REFUSED, Misdeed.GONE}:
            answer = "200" if stopped else "422"
        else:
            answer = misdeed.value
        line = Stop(time.time(), provider_id, misdeed, stopped, answer)
        os.write(self._book, json.dumps(asdict(line)).encode() + b"\n")
        os.fsync(self._book)
        return line, stopped and not before
