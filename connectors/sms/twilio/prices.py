"""What texts cost, as Twilio lists them: a day at a time, once the last text of the day is a day old and has its price.

Pure. The cursor is the day that is read next, and, in the midst of it, the path of its next page.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, cast

from tactful.connector import Asking, Fetched, Told
from tactful.connector.hooks import inner
from tactful.connector.http import Answer, Request, UnreadableError
from tactful.connector.prices import told_price
from tactful.connector.reading import text_at
from tactful.words import ReceiptKind

PAGE: Final = 200
READ_AFTER: Final = timedelta(days=2)
"""How long after its beginning, in UTC, a day is read."""


def ask(messages: str, asking: Asking) -> Request:
    """Return the request for a page of a day's texts; for one of them, as long as the day is not to be read.

    Args:
        messages: The path of the account's messages.
        asking: The cursor, and when this is.
    """
    day, page = _place(messages, asking)
    if page:
        return Request("GET", page)
    size = PAGE if _readable(day, asking) else 1
    return Request("GET", f"{messages}?DateSent={day.isoformat()}&PageSize={size}")


def read(messages: str, asking: Asking, answer: Answer, known: Container[str]) -> Fetched:
    """Return what each text of a page cost, and where the next page is, or the next day.

    Args:
        messages: The path of the account's messages.
        asking: The cursor by which the page was asked for.
        answer: The page.
        known: The statuses that we have a word for.

    Raises:
        UnreadableError: It is no page.
    """
    said = answer.json()
    texts = inner(said, "messages")
    if not isinstance(texts, list):
        raise UnreadableError("the answer has no messages")
    day, _ = _place(messages, asking)
    if not _readable(day, asking):
        return Fetched(cursor=asking.cursor)
    news = [told for one in cast("list[object]", texts) if (told := _priced(one, asking, known)) is not None]
    if page := text_at(said, "next_page_uri"):
        if not _ours(messages, page):
            raise UnreadableError("its next page is not one of this account's messages")
        return Fetched(news=news, cursor=f"{day.isoformat()} {page}", more=True)
    day += timedelta(days=1)
    return Fetched(news=news, cursor=day.isoformat(), more=_readable(day, asking))


def _place(messages: str, asking: Asking) -> tuple[date, str]:
    """Return the day whose texts are read, and the page of it; the newest that can be read at the beginning."""
    said, _, page = (asking.cursor or "").partition(" ")
    newest = (asking.at.astimezone(UTC) - READ_AFTER).date()
    try:
        day = date.fromisoformat(said) if said else newest
    except ValueError:
        day, page = newest, ""
    return day, page if _ours(messages, page) else ""


def _ours(messages: str, page: str) -> bool:
    return page.startswith(f"{messages}?")


def _readable(day: date, asking: Asking) -> bool:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + READ_AFTER <= asking.at


def _priced(text: object, asking: Asking, known: Container[str]) -> Told | None:
    """Return what a text of ours cost; None of one that a customer wrote, or that has no price."""
    sid, status = text_at(text, "sid"), text_at(text, "status")
    cost = told_price(text_at(text, "price"), text_at(text, "price_unit"))
    if cost is None or not sid or not text_at(text, "direction").startswith("outbound"):
        return None
    try:
        at = parsedate_to_datetime(text_at(text, "date_updated"))
    except ValueError:
        at = asking.at
    return Told(
        # What became of it is told by its statuses; here it is only known to be Twilio's, and at which price.
        kind=ReceiptKind.ACCEPTED if status in known else ReceiptKind.UNKNOWN,
        at=at if at.tzinfo else at.replace(tzinfo=UTC),
        dedupe_id=f"{sid}/priced",
        provider_id=sid,
        reason="priced",
        cost=cost,
        raw={name: text_at(text, name) for name in ("status", "price", "price_unit", "num_segments")},
    )
