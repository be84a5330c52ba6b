"""What every email has at its head, whichever provider it goes through: who from, who to, and the way out.

Pure. It tests what stands there, so that no message can write headers of its own and no marketing mail goes without a
way out; how a provider wants it written down is the connector's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from tactful.connector.faults import Fault, SendFault
from tactful.connector.message import Message

VALUE_CHARACTERS_MAX = 900
"""RFC 5322 allows a line 998 characters; a header that cannot be folded needs room for its name."""
_URL = re.compile(r"https?://[!-;=?-~]+", re.ASCII)
_LIST_ID = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*", re.ASCII | re.IGNORECASE)
_IN_HEADERS = ("to", "sender_name", "sender_address", "reply_to", "subject", "list_id", "language", "unsubscribe_url")


@dataclass(frozen=True, slots=True)
class MailHead:
    """The head of one mail. All addresses are ASCII; names and the subject may hold any letters, but no line break.

    Attributes:
        sender: Address that the From header shows.
        sender_name: The name beside it; empty for none.
        recipient: Address it goes to.
        reply_to: Address that answers go to, where it is not the sender's.
        subject: Subject line; may be empty.
        message_id: A Message-ID that is the same for every attempt: the message's key at the sender's domain.
        list_headers: Names and values by which mail programs sort mail and show an unsubscribe button (RFC 2919, 2369,
            8058).
    """

    sender: str
    sender_name: str
    recipient: str
    reply_to: str | None
    subject: str
    message_id: str
    list_headers: tuple[tuple[str, str], ...]

    @property
    def mailbox(self) -> str:
        """The sender as providers take it in JSON: `"Name" <address>`, the name quoted and in its own letters."""
        if not self.sender_name:
            return self.sender
        quoted = self.sender_name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{self.sender}>'


def mail_head(message: Message) -> MailHead:
    """Return the head of the mail that `message` is.

    Raises:
        SendFault: BAD_RECIPIENT, `to` is no email address; UNSUPPORTED, it needs SMTPUTF8; BAD_CONTENT, anything else
            that no mail can be made of, a line break in a header or neither text nor HTML among it.
    """
    _require_single_lines(message)
    recipient = _recipient(message.to)
    sender = _own_address(message.sender_address, "sender address")
    domain = sender.rpartition("@")[2]
    if message.text is None and message.html is None:
        raise _bad("empty", "the mail has neither text nor HTML")
    return MailHead(
        sender=sender,
        sender_name=message.sender_name or "",
        recipient=recipient,
        reply_to=None if message.reply_to is None else _own_address(message.reply_to, "reply address"),
        subject=(message.subject or "").strip(),
        message_id=f"<{message.key}@{domain}>",
        list_headers=tuple(_list_headers(message, domain)),
    )


def with_ascii_domain(address: str) -> str | None:
    """Return the address with its domain in ASCII, or None if it is not one."""
    try:
        checked = validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None
    return f"{checked.local_part}@{checked.ascii_domain}"


def _require_single_lines(message: Message) -> None:
    """Refuse a message that could write headers of its own."""
    for name in _IN_HEADERS:
        value = getattr(message, name) or ""
        if any(unicodedata.category(c) in {"Cc", "Zl", "Zp"} for c in value):
            raise _bad("header", f"{name} holds a line break or another control character")
        if len(value) > VALUE_CHARACTERS_MAX:
            raise _bad("header", f"{name} is {len(value)} characters long; at most {VALUE_CHARACTERS_MAX} are mailed")


def _recipient(to: str) -> str:
    address = with_ascii_domain(to)
    if address is None:
        raise SendFault(Fault.BAD_RECIPIENT, "address", "the recipient's address is not an email address")
    if not address.isascii():
        raise SendFault(Fault.UNSUPPORTED, "smtputf8", "letters outside ASCII before the @ need SMTPUTF8")
    return address


def _own_address(address: str | None, what: str) -> str:
    checked = with_ascii_domain(address or "")
    if checked is None or not checked.isascii():
        raise _bad("sender", f"the {what} is missing or not an email address in ASCII")
    return checked


def _list_headers(message: Message, domain: str) -> Iterator[tuple[str, str]]:
    if message.list_id is not None:
        if not _LIST_ID.fullmatch(message.list_id):
            raise _bad("list", "list_id must be letters and digits, in parts joined by dots, hyphens or underscores")
        yield "List-Id", f"<{message.list_id}.{domain}>"
    if message.marketing:
        url = message.unsubscribe_url or ""
        if not _URL.fullmatch(url):
            raise _bad("unsubscribe", "a marketing mail needs an unsubscribe_url: https, ASCII, no blanks")
        yield "List-Unsubscribe", f"<{url}>"
        if url.startswith("https:"):  # RFC 8058 forbids one click over plain http; a checkout on localhost has no other
            yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"


def _bad(code: str, detail: str) -> SendFault:
    return SendFault(Fault.BAD_CONTENT, code, detail)
