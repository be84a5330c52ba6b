"""One message as one mail: the bytes that go over the wire, the same for the same message on every attempt.

Pure: no clock, no randomness; of the configuration only where it comes back to. What would differ between two mails
made of one message (date, Message-ID, MIME boundary) comes from the message. The headers are written here, not by the
standard library's `EmailMessage`: that cuts long links into encoded words, which ends one-click unsubscribing, and
takes 6 ms a mail.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime, formataddr

from connectors.email.smtp.returning import HEADER, Returns
from tactful.connector import Message
from tactful.connector.mail import mail_head

LINE_CHARACTERS_MAX = 76
"""RFC 2047 and RFC 2045 allow lines with encoded words, and quoted-printable lines, no longer."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail and its envelope.

    Attributes:
        sender: Address in ASCII that it comes back to where it cannot be delivered: the one that From shows, or ours.
        recipient: Address in ASCII.
        message_id: Its Message-ID: the message's key at the sender's domain.
        content: Headers and body in lines of ASCII, each ended by CRLF.
    """

    sender: str
    recipient: str
    message_id: str
    content: bytes


def build_mail(message: Message, returns: Returns | None = None, *, answers: bool = False) -> Mail:
    """Return the mail that `message` is.

    Args:
        message: The message.
        returns: Makes the address that it comes back to; None where it comes back to its sender.
        answers: Whether answers go to that address, too, where the message has no other for them.

    Raises:
        SendFault: BAD_RECIPIENT, `to` is no email address; UNSUPPORTED, it needs SMTPUTF8; BAD_CONTENT, anything else
            that no mail can be made of, a line break in a header among it.
    """
    head = mail_head(message)
    sender = head.sender if returns is None else returns.path(message.key)
    reply_to = head.reply_to or (sender if answers and returns is not None else None)
    headers = "".join(
        f"{name}: {value}\r\n"
        for name, value in (
            ("Date", format_datetime(message.written_at)),
            ("Message-ID", head.message_id),
            ("From", _mailbox(head.sender_name, head.sender)),
            *((("Reply-To", reply_to),) if reply_to else ()),
            ("To", head.recipient),
            ("Subject", _words(head.subject, "Subject")),
            ("Content-Language", message.language),
            *head.list_headers,
            *(((HEADER, returns.token(message.key)),) if returns is not None else ()),
            ("MIME-Version", "1.0"),
        )
    )
    return Mail(sender, head.recipient, head.message_id, headers.encode("ascii") + _body(message))


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
