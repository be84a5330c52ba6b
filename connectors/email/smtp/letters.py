"""One mail in the mailbox of bounces, read: a report of a mail server, a complaint, a customer's answer, or neither.

Pure, and past every monster: a mail is cut at a size, not taken apart if it has too many parts, and told as *unknown*,
with what it was, where it cannot be read. Who sent it proves nothing, as anybody can write anything there: a report is
believed only where something in it, or the address it came to, has the code that only those know who have our mail.
"""

from __future__ import annotations

import email
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.utils import getaddresses, parseaddr
from typing import Any, cast
from uuid import UUID

from connectors.email.smtp import reports
from connectors.email.smtp.answers import own_words
from connectors.email.smtp.reports import Verdict
from connectors.email.smtp.returning import HEADER, Returns, answered_key
from tactful.connector import Inbound, Told
from tactful.words import ReceiptKind

BYTES_READ = 262_144
"""How much of a mail is fetched and read: reports stand at its beginning, and so does what a person writes."""
PARTS_MAX = 60
HEADER_CHARACTERS_MAX = 8_000
"""How much of a header is read: what is encoded word by word takes long."""
KEPT_PROVEN, KEPT_UNPROVEN = 4_000, 500
"""How much is kept of a mail that is not understood: little where anybody may have sent it."""
_ARRIVED_AT = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
_RETURNED = (HEADER.lower(), "return-path", "reply-to", "x-original-mail-from")
_NO_WORD = re.compile(r"[^a-z-]")
_PARTS = re.compile(rb"boundary\s*=|content-type:\s*message/", re.IGNORECASE)
_MACHINES = re.compile(r"^(mailer-daemon|postmaster|mail-daemon|no-?reply|do-?not-?reply|bounces?)([+@-]|$)")


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as it was fetched.

    Attributes:
        content: Its first bytes, at most `BYTES_READ`.
        size: How many it has.
        at: Aware instant at which the mailbox took it.
    """

    content: bytes = field(repr=False)
    size: int
    at: datetime


def read(letter: Letter, returns: Returns) -> tuple[Told | Inbound, ...]:
    """Return what a mail tells: at least one thing, the same whenever it is read again."""
    dedupe_id = "mail/" + hashlib.sha256(b"%d:" % letter.size + letter.content).hexdigest()
    if len(_PARTS.findall(letter.content)) > PARTS_MAX:
        return (_unknown(letter, dedupe_id, "too many parts"),)
    try:
        mail = email.message_from_bytes(letter.content)
        parts = _parts(mail)
        return tuple(_news(letter, dedupe_id, mail, parts, returns))
    except (Exception, RecursionError) as error:  # noqa: BLE001 - whatever strangers' bytes bring about, it is kept
        return (_unknown(letter, dedupe_id, f"cannot be read ({type(error).__name__})"),)


def _news(
    letter: Letter, dedupe_id: str, mail: Mail, parts: Sequence[Mail], returns: Returns
) -> Iterator[Told | Inbound]:
    report = _first(parts, *reports.STATUS_TYPES)
    feedback = _first(parts, reports.FEEDBACK_TYPE)
    if report is None and feedback is None:
        yield _letter(letter, dedupe_id, mail, parts, returns)
        return
    verdicts = reports.delivery(report) if report is not None else ()
    if feedback is not None:
        said = reports.complaint(feedback)
        verdicts = (said,) if said is not None else ()
    told_of = [value for verdict in verdicts for value in verdict.fields.values()]
    key = returns.key_in(*_arrived_at(mail), *_returned(parts), *told_of)
    if not verdicts:
        yield _unknown(letter, dedupe_id, "a report that says nothing", mail, key)
    for number, verdict in enumerate(verdicts):
        yield _told(letter, f"{dedupe_id}/{number}", mail, verdict, key)


def _told(letter: Letter, dedupe_id: str, mail: Mail, verdict: Verdict, key: UUID | None) -> Told:
    if key is None:
        return _unknown(letter, dedupe_id, f"a report that is not proven ({verdict.kind} {verdict.reason})", mail)
    return Told(
        kind=verdict.kind,
        at=letter.at,
        dedupe_id=dedupe_id,
        key=key,
        permanent=verdict.permanent,
        reason=verdict.reason,
        raw={"report": dict(verdict.fields)},
    )


def _letter(letter: Letter, dedupe_id: str, mail: Mail, parts: Sequence[Mail], returns: Returns) -> Told | Inbound:
    """Return what a mail is that is no report: what a person wrote, or what a machine did."""
    proven = returns.key_in(*_arrived_at(mail))
    sender = parseaddr(_header(mail, "from"))[1].strip().lower()
    ours = {address.lower() for _, address in getaddresses([_header(mail, "to")])}
    if returns.key_in(_header(mail, HEADER)) is not None or sender in ours:
        return _unknown(letter, dedupe_id, "our own mail, come back", mail)
    if "@" not in sender:
        return _unknown(letter, dedupe_id, "no sender", mail, proven)
    if why := _by_a_machine(mail, sender):
        return _unknown(letter, dedupe_id, f"automatic: {why}", mail, proven)
    return Inbound(
        at=letter.at,
        dedupe_id=dedupe_id,
        sender=sender,
        recipient=parseaddr(_header(mail, "to"))[1],
        text=own_words(_header(mail, "subject"), parts),
        provider_id=_header(mail, "message-id")[:300],
        in_reply_to=proven or answered_key(_header(mail, "in-reply-to"), _header(mail, "references")),
        proven=proven is not None,
    )


def _by_a_machine(mail: Mail, sender: str) -> str:
    """Return what shows that no person wrote a mail just now; nothing where one did."""
    submitted = _header(mail, "auto-submitted").partition(";")[0].strip().lower()
    if submitted not in {"", "no"}:
        return _NO_WORD.sub("", submitted)[:40]
    if _header(mail, "precedence").strip().lower() in {"bulk", "junk", "list", "auto_reply"}:
        return "precedence"
    found = next((name for name in ("list-id", "x-autoreply", "x-autorespond", "x-auto-reply") if name in mail), "")
    if found or _header(mail, "return-path").strip() == "<>" or _MACHINES.match(sender):
        return found or "its sender"
    return "a report" if mail.get_content_type() == "multipart/report" else ""


def _unknown(letter: Letter, dedupe_id: str, why: str, mail: Mail | None = None, key: UUID | None = None) -> Told:
    """Return that nobody knows what a mail means, with its beginning, so that a person can look."""
    kept = KEPT_PROVEN if key is not None else KEPT_UNPROVEN
    raw: dict[str, object] = {"why": why, "content": letter.content[:kept].decode(errors="replace")}
    if mail is not None:
        raw["subject"] = _header(mail, "subject")[:200]
    return Told(kind=ReceiptKind.UNKNOWN, at=letter.at, dedupe_id=dedupe_id, key=key, reason=why, raw=raw)


def _parts(mail: Mail) -> list[Mail]:
    """Return the mail and all its parts, without looking into mails that it returns."""
    found, open_ = list[Mail](), [mail]
    while open_ and len(found) < PARTS_MAX:
        part = open_.pop(0)
        found.append(part)
        inside: object = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inside, list):
            open_ += [each for each in inside if isinstance(each, Mail)]  # pyright: ignore[reportUnknownVariableType]
    return found


def _first(parts: Sequence[Mail], *types: str) -> Mail | None:
    return next((part for part in parts if part.get_content_type() in types), None)


def _returned(parts: Sequence[Mail]) -> Iterator[str]:
    """Yield the headers of the mail that came back which hold our code."""
    for part in parts:
        if part.get_content_type() not in reports.RETURNED_TYPES:
            continue
        inside: object = part.get_payload()
        whole: object = cast("list[object]", inside)[0] if isinstance(inside, list) and inside else None
        if isinstance(whole, Mail):
            yield from (_header(cast("Mail[Any, Any]", whole), name) for name in _RETURNED)
        else:
            content = part.get_payload(decode=True)
            headers = email.message_from_bytes(content) if isinstance(content, bytes) else Mail()
            yield from (_header(headers, name) for name in _RETURNED)


def _arrived_at(mail: Mail) -> Iterator[str]:
    """Yield the headers that say which address of ours a mail came to."""
    return (_header(mail, name) for name in _ARRIVED_AT)


def _header(mail: Mail[Any, Any], name: str) -> str:
    """Return all values of a header in plain letters, one after the other, up to a length; empty for none."""
    found, left = list[str](), HEADER_CHARACTERS_MAX
    for value in mail.get_all(name, []):
        found.append(_plain(str(value)[:left]))
        left = max(0, left - len(str(value)))
    return " ".join(filter(None, found))


def _plain(value: str) -> str:
    try:
        return " ".join(str(make_header(decode_header(value))).split())
    except (ValueError, LookupError):  # an encoded word that is none, or in letters that nobody has
        return " ".join(value.split())
