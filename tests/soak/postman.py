"""Brings what the provider tells later to the house, each copy when it comes: several at a time, so that copies race.

What vendors tell goes to the house's doors as they send it: signed, in batches, again when it was not answered with
2xx, again when the answer was not waited for; and beside it what others forge. What the soak's own provider tells goes
straight into the database. It keeps what the house has acknowledged; the judge asks for each of these.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

import httpx
from pydantic import TypeAdapter

from database import receipts
from tactful.connector import Told
from tactful.words import ReceiptKind
from tests.soak.letters import WORDS, Letter
from tests.soak.rig import Rig
from tests.soak.telling import MOST_IN_A_BATCH, call, forged, forgeries

LOOK_EVERY_SECONDS = 0.05
AT_A_TIME = 4
FIRST_PAUSE, LONGEST_PAUSE = 0.4, 4.0
NOT_WAITED_FOR = 0.08
"""Share of requests whose answer the vendor does not wait for: it tells again."""
ANSWER_SECONDS, HARDLY_ANY_SECONDS = 10.0, 0.01
_LETTER = TypeAdapter(Letter)


@dataclass(frozen=True)
class Bundle:
    """What goes to the house in one piece.

    Attributes:
        letters: What is told, of one provider.
        forgery: Whether it is not from whom it says.
        tries: How often it was brought.
    """

    letters: tuple[Letter, ...]
    forgery: bool = False
    tries: int = 0

    @property
    def personality(self) -> str:
        """Return who tells."""
        return self.letters[0].of.personality


@dataclass
class Postman:
    """Carries letters in a thread of his own."""

    rig: Rig
    seed: int
    told: list[Letter] = field(default_factory=list[Letter])
    answers: Counter[str] = field(default_factory=Counter[str])
    """How the doors answered what is genuine: a status, or what came instead."""
    forged: Counter[str] = field(default_factory=Counter[str])
    """How often what forgery was refused."""
    believed: list[str] = field(default_factory=list[str])
    """Forgeries that were answered as if they were genuine."""
    turned_away: list[str] = field(default_factory=list[str])
    """Genuine tellings that were refused for good."""
    failure: BaseException | None = None
    _bag: list[tuple[float, int, Bundle]] = field(default_factory=list[tuple[float, int, Bundle]])
    _carried: int = 0
    _read: int = 0
    _rest: bytes = b""

    def __post_init__(self) -> None:
        self._numbers = count()
        self._chance = random.Random(f"{self.seed} postman")
        self._lock = threading.Lock()
        threading.Thread(target=self._walk, daemon=True).start()

    @property
    def waiting(self) -> int:
        """Return how much is still on its way.

        Raises:
            BaseException: What ended his round.
        """
        if self.failure is not None:
            raise self.failure
        return len(self._bag) + self._carried

    def _walk(self) -> None:
        try:
            with ThreadPoolExecutor(AT_A_TIME) as hands, httpx.Client(trust_env=False) as client:
                while not self.rig.over:
                    self._collect()
                    due = list(self._due(time.time()))
                    self._carried = len(due)
                    list(hands.map(lambda bundle: self._carry(client, bundle), due))
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
            self._put(letter.at, Bundle((letter,)))
            untrue = forged(letter, self.seed) if letter.of.personality in WORDS else None
            if untrue is not None:
                self._put(letter.at, Bundle((untrue,), forgery=True))

    def _put(self, at: float, bundle: Bundle) -> None:
        with self._lock:
            heapq.heappush(self._bag, (at, next(self._numbers), bundle))

    def _due(self, now: float) -> Iterator[Bundle]:
        """Yield what is to be brought now; what SendGrid tells for the first time in batches, shuffled."""
        batch: list[Letter] = []
        while self._bag and self._bag[0][0] <= now:
            bundle = heapq.heappop(self._bag)[2]
            if bundle.personality == "sendgrid" and not bundle.forgery and not bundle.tries:
                batch += bundle.letters
            else:
                yield bundle
        self._chance.shuffle(batch)
        while batch:
            yield Bundle(tuple(batch[:MOST_IN_A_BATCH]))
            del batch[:MOST_IN_A_BATCH]

    def _carry(self, client: httpx.Client, bundle: Bundle) -> None:
        if bundle.personality not in WORDS:
            self._into_the_database(bundle.letters)
        elif bundle.forgery:
            self._forged(client, bundle)
        else:
            self._to_the_doors(client, bundle)

    def _into_the_database(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            told = Told(
                kind=ReceiptKind(letter.kind),
                at=datetime.fromtimestamp(letter.happened_at, UTC),
                dedupe_id=letter.letter_id,
                provider_id=letter.of.provider_id,
                key=UUID(letter.of.reference) if letter.of.reference else None,
            )
            personality = letter.of.personality
            self.rig.run(lambda c, who=personality, told=told: receipts.note(c, who, told, now=datetime.now(UTC)))
            self.told.append(letter)

    def _to_the_doors(self, client: httpx.Client, bundle: Bundle) -> None:
        """Tell as the vendor does; again later if it was not answered with 2xx, and if the answer was not heard."""
        patient = random.Random(f"{self.seed} {bundle.letters[0].letter_id} {bundle.tries}").random() >= NOT_WAITED_FOR
        asked = call(bundle.letters, self.rig.web_url, time.time())
        within = httpx.Timeout(ANSWER_SECONDS, read=ANSWER_SECONDS if patient else HARDLY_ANY_SECONDS)
        try:
            answer = client.post(asked.url, content=asked.content, headers=asked.headers, timeout=within)
        except httpx.HTTPError as error:
            status, what = 0, type(error).__name__ if patient else "not waited for"
        else:
            status, what = answer.status_code, str(answer.status_code)
        with self._lock:
            self.answers[what] += 1
            if 200 <= status < 300:
                self.told += bundle.letters
                return
            if 400 <= status < 500:
                self.turned_away += [f"{letter.letter_id}: {status}" for letter in bundle.letters]
                return
        self._again(bundle)

    def _forged(self, client: httpx.Client, bundle: Bundle) -> None:
        chance = random.Random(f"{self.seed} {bundle.letters[0].letter_id}")
        how = chance.choice(forgeries(bundle.personality))
        asked = call(bundle.letters, self.rig.web_url, time.time(), how)
        try:
            answer = client.post(asked.url, content=asked.content, headers=asked.headers, timeout=ANSWER_SECONDS)
        except httpx.HTTPError:
            self._again(bundle)
            return
        if answer.is_server_error:
            self._again(bundle)
        elif answer.is_success:
            self.believed.append(f"{bundle.letters[0].letter_id}: {how}, and answered {answer.status_code}")
        else:
            with self._lock:
                self.forged[how] += 1

    def _again(self, bundle: Bundle) -> None:
        pause = min(FIRST_PAUSE * 2**bundle.tries, LONGEST_PAUSE)
        self._put(time.time() + pause, Bundle(bundle.letters, bundle.forgery, bundle.tries + 1))
