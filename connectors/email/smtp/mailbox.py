"""The mailbox that bounces and answers come to: what is new is fetched, and once it is stored, put aside.

Fetching opens the folder for reading only and marks nothing as read, so that a look that is not stored has not been.
What the mails say is not this module's to judge.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import Field, SecretStr, StringConstraints

from connectors.email.smtp.imap import Line
from connectors.email.smtp.letters import BYTES_READ, Letter
from tactful.connector import ConnectorConfig, Fault, SendFault, time_left
from tactful.connector.http import PemFile

T = TypeVar("T")
MOST: Final = 50
"""How many mails one look brings."""
BYTES_A_LOOK: Final = 8 * BYTES_READ
"""How much: whoever likes sends mails that take long to read, and a look has to come to its end."""
WINDOW: Final = 20_000
"""How many numbers are searched at once: an answer is a line, and lines have an end."""
SPARE_SECONDS: Final = 3.0
"""How long before the deadline no further mail is begun."""
_RECEIVED = re.compile(rb'INTERNALDATE "([^"]{1,40})"')
_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,12})")
Folder = Annotated[str, StringConstraints(pattern=r"^[ !#-\[\]-~]{1,200}$")]


class BouncesConfig(ConnectorConfig):
    """The mailbox that bounces, complaints and answers come to. Documented, key by key, in docs/connectors/smtp.md."""

    host: str = Field(pattern=r"^[!-~]+$")
    tls: Literal["none", "starttls", "tls"] = "tls"
    port: int | None = Field(default=None, ge=1, le=65535)
    ca_file: PemFile | None = None
    username: str = Field(min_length=1)
    password: SecretStr
    secret: SecretStr = Field(min_length=32)
    folder: Folder = "INBOX"
    read: Literal["mark", "move", "delete"] = "mark"
    move_to: Folder = "Tactful"
    separator: Literal["+", "-"] = "+"
    answers: bool = False
    every: timedelta = Field(default=timedelta(minutes=1), ge=timedelta(seconds=10), le=timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found: mails by their names in the mailbox, where the next begins, and whether there is more."""

    letters: Sequence[tuple[str, Letter]]
    cursor: str | None
    more: bool


@dataclass(frozen=True, slots=True)
class Place:
    """How far a folder is read: up to `last`; of what was there before the first look (below `begun`), the unread."""

    validity: int
    last: int
    begun: int

    @classmethod
    def of(cls, cursor: str | None, line: Line) -> Place:
        """Return the place that a cursor stands for; that of a first look where the folder was made anew since."""
        kept = [int(part) for part in (cursor or "").split("/") if part.isdecimal()]
        if len(kept) == 3 and kept[0] == line.validity:  # noqa: PLR2004 - the parts of a place
            return cls(*kept)
        return cls(line.validity, 0, line.following)

    def __str__(self) -> str:
        return f"{self.validity}/{self.last}/{self.begun}"


class Mailbox:
    """One folder of one account."""

    def __init__(self, config: BouncesConfig) -> None:
        self._config = config
        self._context = ssl.create_default_context(cafile=config.ca_file)

    async def fetch(self, cursor: str | None, *, at: datetime, deadline: float) -> Found:
        """Return what is new, at most 50 mails, and change nothing.

        Args:
            cursor: What `Found.cursor` was.
            at: The instant that stands for that of a mail whose server says none.
            deadline: Monotonic seconds by which it must have ended.

        Raises:
            SendFault: The mailbox could not be read.
        """
        return await self._within(deadline, lambda line: self._fetched(line, cursor, at, deadline))

    async def put_aside(self, names: Sequence[str], *, deadline: float) -> None:
        """Mark, move or delete mails, as configured; those that are gone are passed over.

        Raises:
            SendFault: The mailbox could not be reached, or refused.
        """
        await self._within(deadline, lambda line: self._put_aside(line, names))

    async def _within(self, deadline: float, work: Callable[[Line], T]) -> T:
        """Do something over a connection of its own, in a thread, and cut it off at the deadline."""
        line = Line(self._config.host, self._config.port, self._config.tls, self._context, time_left(deadline))
        thread = asyncio.ensure_future(asyncio.to_thread(line.during, work))
        thread.add_done_callback(_retrieved)
        try:
            async with asyncio.timeout(time_left(deadline)):
                return await asyncio.shield(thread)
        except TimeoutError:
            failed = SendFault(Fault.TRANSIENT, "timeout", f"{line.place}: no answer in time")
        finally:
            if not thread.done():
                line.cut()
        raise failed

    def _open(self, line: Line, *, readonly: bool) -> None:
        line.log_in(self._config.username, self._config.password.get_secret_value())
        line.select(self._config.folder, readonly=readonly)

    def _fetched(self, line: Line, cursor: str | None, at: datetime, deadline: float) -> Found:
        self._open(line, readonly=True)
        if self._config.read == "mark":
            return _in_order(line, Place.of(cursor, line), at, deadline)
        letters = _letters(line, line.first(MOST, 4 * MOST), at, deadline)
        return Found(letters, None, more=bool(letters) and len(letters) < line.there)

    def _put_aside(self, line: Line, names: Sequence[str]) -> None:
        self._open(line, readonly=False)
        numbers = [
            number
            for validity, _, number in (one.partition("/") for one in names)
            if number.isdecimal() and validity == str(line.validity)
        ]
        if not numbers:  # the folder was made anew: there is nothing of that name any more
            return
        mails = ",".join(numbers)
        match self._config.read:
            case "mark":
                line.do("STORE", mails, "+FLAGS.SILENT", r"(\Seen)")
            case "move":
                line.move(mails, self._config.move_to)
            case "delete":
                line.delete(mails)


def _in_order(line: Line, place: Place, at: datetime, deadline: float) -> Found:
    """Return the next mails by their numbers, which never come again in a folder."""
    if not line.following:
        raise SendFault(Fault.CONFIG, "not offered", f'{line.place}: does not say UIDNEXT; say read = "move"')
    numbers, reached = list[int](), place.last
    while reached + 1 < line.following and len(numbers) <= MOST and deadline - time.monotonic() > SPARE_SECONDS:
        unread = reached + 1 < place.begun
        end = min(reached + WINDOW, line.following - 1, place.begun - 1 if unread else line.following)
        found = line.search(f"UID {reached + 1}:{end} UNDELETED{' UNSEEN' if unread else ''}")
        numbers += [number for number in found if reached < number <= end]
        reached = end
    chosen = numbers[:MOST]
    letters = _letters(line, chosen, at, deadline)
    if len(letters) < len(chosen) or len(numbers) > len(chosen):
        reached = int(letters[-1][0].partition("/")[2]) if letters else place.last
    following = str(Place(place.validity, reached, place.begun))
    return Found(letters, following, more=reached + 1 < line.following)


def _letters(line: Line, numbers: Sequence[int], at: datetime, deadline: float) -> list[tuple[str, Letter]]:
    """Fetch mails one by one, as long as there is time and room: at least one, else they would never all be read."""
    found: list[tuple[str, Letter]] = []
    for number in numbers:
        full = sum(len(letter.content) for _, letter in found) >= BYTES_A_LOOK
        if full or (found and deadline - time.monotonic() < SPARE_SECONDS):
            break
        found.append((f"{line.validity}/{number}", _letter(*line.fetch(number, BYTES_READ), at)))
    return found


def _letter(about: bytes, content: bytes, at: datetime) -> Letter:
    received, size = _RECEIVED.search(about), _SIZE.search(about)
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        at = parsedate_to_datetime(received[1].decode("ascii").strip()).astimezone(UTC) if received else at
    return Letter(content, int(size[1]) if size else len(content), at)


def _retrieved(thread: asyncio.Future[Any]) -> None:
    """Look at how a thread ended that nobody waits for any more, so that it is not complained of."""
    if not thread.cancelled():
        thread.exception()
