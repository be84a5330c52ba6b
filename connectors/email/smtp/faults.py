"""What a mail server's refusal means, and a lost connection: one table, read from the top, first match wins.

Pure. Reply codes are RFC 5321's, enhanced codes RFC 3463's and RFC 7372's. A row that looks at words is there because
large providers say it in words only, under a code that could mean anything. In doubt the milder fault is chosen:
*suppressed* and *bad recipient* silence an address, *config* and *quota* stop the connector for everybody.
"""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

import aiosmtplib

from tactful.connector import Fault


class Stage(IntEnum):
    """How far an attempt got. Up to and with CONTENT the mail has certainly not been taken."""

    CONNECT = 1
    """Connecting, encrypting, logging in."""
    SENDER = 2
    """MAIL FROM."""
    RECIPIENT = 3
    """RCPT TO."""
    CONTENT = 4
    """DATA and the text; and the server's answer to the whole."""
    COMMITTED = 5
    """The end of the text is written, the answer is not there: not known."""


LATE = (Stage.RECIPIENT, Stage.CONTENT)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: what it takes to match, all of it, and the fault that follows.

    Attributes:
        fault: What the refusal means.
        why: The row in words, for the documentation.
        stages: Where it may happen.
        code: Pattern of the whole reply code.
        status: Pattern of the whole enhanced code; None matches with and without one.
        words: Pattern somewhere in the text, lower case; None matches any text.
    """

    fault: Fault
    why: str
    stages: tuple[Stage, ...] = tuple(Stage)
    code: str = r"5.."
    status: str | None = None
    words: str | None = None

    def matches(self, stage: Stage, code: str, status: str, text: str) -> bool:
        """Say whether this row is about the reply."""
        return (
            stage in self.stages
            and re.fullmatch(self.code, code) is not None
            and (self.status is None or re.fullmatch(self.status, status) is not None)
            and (self.words is None or re.search(self.words, text) is not None)
        )


DAILY = r"\bdaily\b.*\b(quota|limit)|\b(quota|limit)\b.*\bdaily\b|sending (quota|limit)"
TOO_FAST = r"throttl|\brate\b|too (fast|quickly)|too many (connections|messages|emails|concurrent)"
TOO_BIG = r"message (size|length|is too|too)|too (big|large)"
NO_RELAY = r"relay(ing)?( access| is| not)* (denied|permitted|allowed|prohibited)|(unable to|not|permitted to) relay"
UNTRUSTED = r"not verified|(un|not )authenticated|authentication (is )?required|\b(spf|dkim|dmarc)\b"
LISTED = r"\bblocked using\b|block ?list|black ?list|spamhaus|\bclient host\b"

RULES = (
    Rule(Fault.QUOTA, "a daily limit, in words", code=r"4..", words=DAILY),
    Rule(Fault.THROTTLED, "flood protection", code=r"4..", status=r".\.7\.28"),
    Rule(Fault.THROTTLED, "too fast, in words", code=r"4..", words=TOO_FAST),
    Rule(Fault.TRANSIENT, "every other temporary refusal, greylisting and a full mailbox among them", code=r"4.."),
    Rule(Fault.CONFIG, "any lasting refusal before there is an envelope: greeting, log-in", (Stage.CONNECT,)),
    Rule(Fault.TRANSIENT, "mailbox full: lasting, says the server, but people tidy up", LATE, status=r".\.2\.2"),
    Rule(Fault.QUOTA, "a daily limit", status=r".\.4\.5"),
    Rule(Fault.QUOTA, "a daily limit, in words", words=DAILY),
    Rule(Fault.THROTTLED, "flood protection", status=r".\.7\.28"),
    Rule(Fault.THROTTLED, "too fast, in words", words=r"at a rate|too quickly|rate limit"),
    Rule(Fault.UNSUPPORTED, "address or text need what the server cannot do", status=r".\.6\.7|.\.3\.3"),
    Rule(Fault.BAD_CONTENT, "too big", status=r".\.3\.4|.\.2\.3|.\.7\.16"),
    Rule(Fault.BAD_CONTENT, "too big, in words", words=TOO_BIG),
    Rule(Fault.BAD_CONTENT, "bigger than the SIZE the server allows", (Stage.SENDER,), r"552"),
    Rule(Fault.TRANSIENT, "mailbox full, by the reply code", LATE, r"552", ""),
    Rule(Fault.SUPPRESSED, "the relay's own suppression list", LATE, words=r"suppress(ed|ion)|inactive recipient"),
    Rule(Fault.SUPPRESSED, "an opt-out the relay knows of", LATE, words=r"has unsubscribed|opted[ -]out"),
    Rule(Fault.BAD_RECIPIENT, "no such mailbox or domain, or it moved away", LATE, status=r".\.1\.([1-6]|10)"),
    Rule(Fault.CONFIG, "we may not relay", words=NO_RELAY),
    Rule(Fault.CONFIG, "our sender is not proven to be who it says", words=UNTRUSTED),
    Rule(Fault.CONFIG, "our server is on a block list", words=LISTED),
    Rule(Fault.CONFIG, "log-in missing or refused", code=r"530|534|535|538"),
    Rule(Fault.CONFIG, "log-in, encryption, our sender's records", status=r".\.7\.([3-9]|1[0-4]|2[0-7])"),
    Rule(Fault.CONFIG, "our sender's address or domain, the server's own set-up", status=r".\.1\.[78]|.\.3\.5|.\.4\.6"),
    Rule(Fault.CONFIG, "any other lasting refusal of our sender", (Stage.SENDER,)),
    Rule(Fault.BAD_RECIPIENT, "mailbox closed or unreachable", LATE, status=r".\.1\.0|.\.2\.[14]|.\.4\.[14]"),
    Rule(Fault.BAD_RECIPIENT, "the address belongs to somebody else now", LATE, status=r".\.7\.1[78]"),
    Rule(Fault.BAD_CONTENT, "policy, or the text itself", status=r".\.[67]\.\d+"),
    Rule(Fault.BAD_RECIPIENT, "no such mailbox, by the reply code", (Stage.RECIPIENT,), r"550|551|553|556"),
    Rule(Fault.BAD_CONTENT, "every other lasting refusal"),
)

_STATUS = re.compile(r"#?([245]\.\d{1,3}\.\d{1,3})\b")
_WAIT = re.compile(r"\b(\d{1,4}) ?(second|sec|minute|min)s?\b")
_WAIT_MAX = timedelta(hours=1)
_NO_SUCH_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


def fault_of_reply(stage: Stage, code: int, text: str) -> Fault:
    """Return what a reply that is not an acceptance means, met at `stage`."""
    if stage is Stage.COMMITTED:
        return Fault.AMBIGUOUS
    if not 400 <= code <= 599:  # noqa: PLR2004 - the refusals of RFC 5321
        # No reply of this protocol: at the door something else is listening; later on, nothing was taken.
        return Fault.CONFIG if stage is Stage.CONNECT else Fault.TRANSIENT
    status, folded = enhanced_status(text), text.lower()
    return next(rule.fault for rule in RULES if rule.matches(stage, str(code), status, folded))


def enhanced_status(text: str) -> str:
    """Return the enhanced code a reply begins with, or an empty text."""
    found = _STATUS.match(text)
    return found[1] if found else ""


def wait_asked_for(text: str) -> timedelta | None:
    """Return how long a temporary refusal asks to wait, where it names seconds or minutes; at most an hour."""
    found = _WAIT.search(text.lower())
    if found is None:
        return None
    wait = timedelta(minutes=int(found[1])) if found[2].startswith("m") else timedelta(seconds=int(found[1]))
    return min(wait, _WAIT_MAX)


def fault_of_failure(stage: Stage, error: Exception) -> tuple[Fault, str, str]:
    """Return fault, code and detail of an attempt that ended without a reply: no connection, or none any more.

    Args:
        stage: How far the attempt had got.
        error: What was raised, of aiosmtplib or the operating system.
    """
    root = error
    if isinstance(error, aiosmtplib.SMTPConnectError) and isinstance(error.__cause__, Exception):
        root = error.__cause__
    said = getattr(root, "verify_message", None) or getattr(root, "strerror", None)
    detail = said or str(root) or "no answer in time"
    if stage is Stage.COMMITTED:
        return Fault.AMBIGUOUS, "timeout" if isinstance(root, TimeoutError) else "lost", detail
    return *_fault_and_code(stage, root), detail


def _fault_and_code(stage: Stage, root: Exception) -> tuple[Fault, str]:
    match root:
        case socket.gaierror():
            return (Fault.CONFIG, "no such host") if root.errno in _NO_SUCH_HOST else (Fault.TRANSIENT, "name service")
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | ssl.SSLSyscallError():
            return Fault.TRANSIENT, "lost"
        case ssl.SSLError():
            return Fault.CONFIG, "tls"
        case TimeoutError():
            return Fault.TRANSIENT, "timeout"
        case OSError():
            return Fault.TRANSIENT, "no connection" if stage is Stage.CONNECT else "lost"
        case _:  # aiosmtplib's own: the server offers no STARTTLS, or no way to log in that we know
            return Fault.CONFIG, "not offered"
