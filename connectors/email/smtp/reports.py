"""What mail servers report: that a mail could not be delivered (RFC 3464), or that somebody complained (RFC 5965).

Pure. It reads the fields of a report; whose mail it is about, and whether to believe it, is the caller's to say. What a
status means is the same table by which refusals are read while a mail is handed over: an address is given up only for
what is surely its own fault, never for a full mailbox, a policy or a block list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message as Mail
from typing import Any, cast

from connectors.email.smtp.faults import Stage, enhanced_status, fault_of_reply
from tactful.connector import Fault
from tactful.words import ReceiptKind

STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
FEEDBACK_TYPE = "message/feedback-report"
RETURNED_TYPES = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
RECIPIENTS_MAX = 20
FIELDS_MAX = 30
FIELD_CHARACTERS_MAX = 500
NOBODY = re.compile(
    r"no such (user|mailbox|address|recipient|account)"
    r"|(user|recipient|mailbox|address|account) (is )?(unknown|not found)"
    r"|unknown (user|recipient|mailbox|address|local|account)|(user|mailbox|address|account) does ?n[o']t exist"
    r"|does not exist|invalid (recipient|mailbox)|not a valid (mailbox|recipient)"
)
"""Words of servers that give no status for it. Without them a bare 550 may be about the text as well."""
BARE_REFUSAL, BARE_NOBODY = 554, 550
"""The reply codes that stand for a report which has none."""
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REPLY = re.compile(r"\b([245]\d\d)\b")
_ACTIONS = {"2": "delivered", "4": "delayed", "5": "failed"}
_COMPLAINTS = frozenset({"abuse", "fraud", "virus", "other", "miscategorized"})

Fields = Mapping[str, str]
"""The fields of one block of a report, by name in small letters."""
_EMPTY: Fields = {}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a report says of one recipient.

    Attributes:
        kind: What happened.
        permanent: Of a bounce: whether the address is to be written to no more.
        reason: Reply code and status, as far as they are told.
        fields: What the report says, for those who look closer.
    """

    kind: ReceiptKind
    permanent: bool
    reason: str
    fields: Fields


def delivery(report: Mail) -> tuple[Verdict, ...]:
    """Return what a delivery report says, a verdict per recipient; none where it says nothing that can be read.

    Args:
        report: The part of a mail that has the fields.
    """
    blocks = [fields for fields in _blocks(report) if "final-recipient" in fields or "action" in fields]
    found = [_verdict(fields) for fields in blocks[:RECIPIENTS_MAX]]
    # The address we wrote to stands for several: while one of them takes mail, it is not dead.
    alive = not all(one.permanent for one in found)
    return tuple(Verdict(one.kind, one.permanent and not alive, one.reason, one.fields) for one in found)


def complaint(report: Mail) -> Verdict | None:
    """Return what a complaint says; None where it says nothing that can be read."""
    fields = next(_blocks(report), _EMPTY)
    what = fields.get("feedback-type", "").lower()
    if not what:
        return None
    if what in {"opt-out", "opt-out-list", "unsubscribe"}:
        kind = ReceiptKind.UNSUBSCRIBED
    else:
        kind = ReceiptKind.COMPLAINED if what in _COMPLAINTS else ReceiptKind.UNKNOWN
    return Verdict(kind, permanent=False, reason=re.sub(r"[^a-z-]", "", what)[:40], fields=fields)


def _verdict(fields: Fields) -> Verdict:
    diagnostic = fields.get("diagnostic-code", "").partition(";")[2].strip() or fields.get("diagnostic-code", "")
    status = _status(fields, diagnostic)
    action = fields.get("action", "").lower() or _ACTIONS.get(status[:1], "")
    code = _reply(diagnostic)
    reason = f"{code or ''} {status}".strip() or "no status"
    kind, permanent = _kind(action, status, code, diagnostic)
    return Verdict(kind, permanent, reason, fields)


def _kind(action: str, status: str, code: int | None, diagnostic: str) -> tuple[ReceiptKind, bool]:
    match action:
        case "delivered":
            return ReceiptKind.DELIVERED, False
        case "relayed" | "expanded":
            return ReceiptKind.ACCEPTED, False
        case "delayed":
            return ReceiptKind.DEFERRED, False
        case "failed":
            return _failure(status, code, diagnostic)
        case _:
            return ReceiptKind.UNKNOWN, False


def _failure(status: str, code: int | None, diagnostic: str) -> tuple[ReceiptKind, bool]:
    """Return what a failure is: a bounce of the address for good or for now, or a refusal that is not its fault."""
    if status.startswith("4") or not status:
        return ReceiptKind.BOUNCED, False  # given up after trying for days
    said = re.sub(r"^\d{3}[ -]?(\d\.\d+\.\d+)?", "", diagnostic).strip()
    nobody = NOBODY.search(said.lower()) is not None
    stage, bare = (Stage.RECIPIENT, BARE_NOBODY) if nobody else (Stage.CONTENT, BARE_REFUSAL)
    fault = fault_of_reply(stage, code or bare, f"{status} {said}")
    match fault:
        case Fault.BAD_RECIPIENT | Fault.SUPPRESSED:
            return ReceiptKind.BOUNCED, True
        case Fault.TRANSIENT | Fault.THROTTLED | Fault.QUOTA:
            return ReceiptKind.BOUNCED, False
        case _:
            return ReceiptKind.REJECTED, False


def _status(fields: Fields, diagnostic: str) -> str:
    """Return the status of RFC 3463; the one that the other server said where the report's own says nothing."""
    own = _STATUS.search(fields.get("status", ""))
    theirs = enhanced_status(re.sub(r"^\d{3}[ -]", "", diagnostic))
    if own is None or (own[1].endswith(".0.0") and theirs[:1] == own[1][0]):
        return theirs or (own[1] if own else "")
    return own[1]


def _reply(diagnostic: str) -> int | None:
    found = _REPLY.match(diagnostic)
    return int(found[1]) if found and found[1][0] in "45" else None


def _blocks(report: Mail) -> Iterator[Fields]:
    """Yield the blocks of fields in a report. Python's parser makes a mail of each, one after or within the other."""
    inside: object = report.get_payload()
    for block in cast("list[object]", inside) if isinstance(inside, list) else ():
        if isinstance(block, Mail):
            mail = cast("Mail[Any, Any]", block)
            yield _fields(mail)
            rest: object = mail.get_payload()
            if isinstance(rest, str) and rest.strip():
                yield from _parsed(rest)
    if isinstance(inside, str):
        yield from _parsed(inside)


def _parsed(text: str) -> Iterator[Fields]:
    for block in re.split(r"\r?\n[ \t]*\r?\n", text.strip()):
        unfolded = re.sub(r"\r?\n[ \t]+", " ", block)
        lines = (line.partition(":") for line in unfolded.splitlines())
        yield _limited((name, value) for name, colon, value in lines if colon)


def _fields(block: Mail[Any, Any]) -> Fields:
    return _limited((name, str(value)) for name, value in block.items())


def _limited(pairs: Iterator[tuple[str, str]]) -> Fields:
    found: dict[str, str] = {}
    for name, value in pairs:
        if len(found) < FIELDS_MAX:
            found.setdefault(name.strip().lower(), " ".join(value.split())[:FIELD_CHARACTERS_MAX])
    return found
