"""One message as one mail: the bytes that go over the wire, the same for the same message on every attempt.

Pure: no clock, no randomness, no configuration. What would differ between two mails made of one message (date,
Message-ID, MIME boundary) comes from the message. The headers are written here, not by the standard library's
`EmailMessage`: that cuts long links into encoded words, which ends one-click unsubscribing, and takes 6 ms a mail.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime, formataddr

from email_validator import EmailNotValidError, validate_email

from tactful.connector import Fault, Message, SendFault

LINE_CHARACTERS_MAX = 76
"""RFC 2047 and RFC 2045 allow lines with encoded words, and quoted-printable lines, no longer."""
VALUE_CHARACTERS_MAX = 900
"""RFC 5322 allows a line 998 characters; a header that cannot be folded needs room for its name."""
_URL = re.compile(r"https?://[!-;=?-~]+", re.ASCII)
_LIST_ID = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*", re.ASCII | re.IGNORECASE)
_IN_HEADERS = ("to", "sender_name", "sender_address", "reply_to", "subject", "list_id", "language", "unsubscribe_url")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail and its envelope.

    Attributes:
        sender: Address in ASCII that the From header shows.
        recipient: Address in ASCII.
        message_id: Its Message-ID: the message's key at the sender's domain.
        content: Headers and body in lines of ASCII, each ended by CRLF.
    """

    sender: str
    recipient: str
    message_id: str
    content: bytes


def build_mail(message: Message) -> Mail:
    """Return the mail that `message` is.

    Raises:
        SendFault: BAD_RECIPIENT, `to` is no email address; UNSUPPORTED, it needs SMTPUTF8; BAD_CONTENT, anything else
            that no mail can be made of, a line break in a header among it.
    """
    _require_single_lines(message)
    recipient = _recipient(message.to)
    sender = _own_address(message.sender_address, "sender address")
    domain = sender.rpartition("@")[2]
    message_id = f"<{message.key}@{domain}>"
    headers = "".join(
        f"{name}: {value}\r\n"
        for name, value in (
            ("Date", format_datetime(message.written_at)),
            ("Message-ID", message_id),
            ("From", _mailbox(message.sender_name or "", sender)),
            *_reply_to(message),
            ("To", recipient),
            ("Subject", _words((message.subject or "").strip(), "Subject")),
            ("Content-Language", message.language),
            *_list_headers(message, domain),
            ("MIME-Version", "1.0"),
        )
    )
    return Mail(sender, recipient, message_id, headers.encode("ascii") + _body(message))


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


def _reply_to(message: Message) -> Iterator[tuple[str, str]]:
    if message.reply_to is not None:
        yield "Reply-To", _own_address(message.reply_to, "reply address")


def _list_headers(message: Message, domain: str) -> Iterator[tuple[str, str]]:
    """Yield the headers by which mail programs sort mail and show an unsubscribe button (RFC 2919, 2369, 8058)."""
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


def _mailbox(name: str, address: str) -> str:
    """Return an address as a header shows it, a name outside ASCII in encoded words on lines of its own."""
    if _reads_as_is(name):
        return formataddr((name, address))
    return f"{_words(name, 'From')}\r\n <{address}>"


def _words(text: str, header: str) -> str:
    """Return free text folded, in encoded words where it is not plain ASCII."""
    charset = "us-ascii" if _reads_as_is(text) else "utf-8"
    return Header(text, charset, LINE_CHARACTERS_MAX, header).encode(linesep="\r\n")


def _reads_as_is(text: str) -> bool:
    """Say whether a text needs no encoding: it is ASCII, and nothing in it looks like an encoded word."""
    return text.isascii() and "=?" not in text


def _body(message: Message) -> bytes:
    """Return the text, the HTML, or both as alternatives with the better one last."""
    parts = [_part(kind, text) for kind, text in (("plain", message.text), ("html", message.html)) if text is not None]
    if not parts:
        raise _bad("empty", "the mail has neither text nor HTML")
    if len(parts) == 1:
        return parts[0]
    boundary = f"=_{message.key.hex}"  # "=_" stands in no quoted-printable text
    start = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode()
    between = f"--{boundary}\r\n".encode()
    return start + b"".join(between + part for part in parts) + f"--{boundary}--\r\n".encode()


def _part(kind: str, text: str) -> bytes:
    """Return one part, quoted-printable, which keeps every line short whatever the text is."""
    lines = re.sub(r"\r\n|\r|\n", "\r\n", text.rstrip("\r\n") + "\n")
    start = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return start.encode() + binascii.b2a_qp(lines.encode(), istext=True)


def _bad(code: str, detail: str) -> SendFault:
    return SendFault(Fault.BAD_CONTENT, code, detail)
