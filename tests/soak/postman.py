"""Brings what the provider tells later to the house, each copy when it comes: two at a time, so that copies race.

It keeps what the house has acknowledged; the judge asks for each of these.
"""

from __future__ import annotations

import heapq
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from pydantic import TypeAdapter

from database import receipts
from tactful.connector import Told
from tactful.words import ReceiptKind
from tests.soak.letters import Letter
from tests.soak.rig import Rig

LOOK_EVERY_SECONDS = 0.05
AT_A_TIME = 2
_LETTER = TypeAdapter(Letter)


@dataclass
class Postman:
    """Carries letters in a thread of his own."""

    rig: Rig
    told: list[Letter] = field(default_factory=list[Letter])
    failure: BaseException | None = None
    _bag: list[tuple[float, int, Letter]] = field(default_factory=list[tuple[float, int, Letter]])
    _carried: int = 0
    _read: int = 0
    _rest: bytes = b""

    def __post_init__(self) -> None:
        self._numbers = count()
        threading.Thread(target=self._walk, daemon=True).start()

    @property
    def waiting(self) -> int:
        """Return how many letters are still on their way.

        Raises:
            BaseException: What ended his round.
        """
        if self.failure is not None:
            raise self.failure
        return len(self._bag) + self._carried

    def _walk(self) -> None:
        try:
            with ThreadPoolExecutor(AT_A_TIME) as hands:
                while not self.rig.over:
                    self._collect()
                    now, due = time.time(), list[Letter]()
                    while self._bag and self._bag[0][0] <= now:
                        due.append(heapq.heappop(self._bag)[2])
                    self._carried = len(due)
                    list(hands.map(self._bring, due))
                    self.told += due
                    self._carried = 0
                    time.sleep(LOOK_EVERY_SECONDS)
        except BaseException as error:  # noqa: BLE001 - the main thread raises it
            self.failure = error

    def _collect(self) -> None:
        if not self.rig.letters.exists():
            return
        with self.rig.letters.open("rb") as box:
            box.seek(self._read)
            found = box.read()
        self._read += len(found)
        *lines, self._rest = (self._rest + found).split(b"\n")
        for line in lines:
            letter = _LETTER.validate_json(line)
            heapq.heappush(self._bag, (letter.at, next(self._numbers), letter))

    def _bring(self, letter: Letter) -> None:
        told = Told(
            kind=ReceiptKind(letter.kind),
            at=datetime.fromtimestamp(letter.happened_at, UTC),
            dedupe_id=letter.letter_id,
            provider_id=letter.provider_id,
            key=UUID(letter.reference) if letter.reference else None,
        )
        self.rig.run(lambda c: receipts.note(c, letter.personality, told, now=datetime.now(UTC)))
