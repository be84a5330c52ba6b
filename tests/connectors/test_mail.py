"""What a mail looks like: the same bytes every time, whatever is in it; and nothing in it to cheat with."""

from __future__ import annotations

import email
import email.policy
import re
import subprocess
import sys
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.smtp.mail import LINE_CHARACTERS_MAX, build_mail
from tactful.connector import Fault, Message, SendFault
from tests.connectors.conftest import KEY, email_message

# Everything people write on one line, and everything they write on several.
one_line = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200)
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=2000)


def parsed(message: Message) -> EmailMessage:
    return email.message_from_bytes(build_mail(message).content, _class=EmailMessage, policy=email.policy.default)


def headers(message: Message) -> dict[str, str]:
    """Return the headers unfolded, as they travel."""
    head = build_mail(message).content.partition(b"\r\n\r\n")[0].decode("ascii")
    return dict(line.split(": ", 1) for line in re.sub(r"\r\n(?=[ \t])", "", head).split("\r\n"))


def shown(header: str) -> str:
    """Return a header as a mail program shows it."""
    return str(make_header(decode_header(header)))


def fault_of(message: Message) -> SendFault:
    with pytest.raises(SendFault) as caught:
        build_mail(message)
    return caught.value


def without_line_ends(text: str) -> str:
    """Return a text as one that differs from it in nothing but line ends."""
    return re.sub(r"\r\n|\r", "\n", text).rstrip("\n")


@given(subject=one_line, name=one_line, text=lines, html=lines)
def test_what_was_written_is_what_is_read(subject: str, name: str, text: str, html: str) -> None:
    message = email_message(subject=subject, sender_name=name, text=text, html=html)
    mail = parsed(message)
    assert shown(headers(message)["Subject"]).split() == subject.split()
    name_read, address = parseaddr(headers(message)["From"])
    assert shown(name_read).split() == name.split()
    assert address == "hello@fleur.example"
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert without_line_ends(plain.get_content()) == without_line_ends(text)
    assert without_line_ends(rich.get_content()) == without_line_ends(html)


@given(subject=one_line, name=one_line, text=lines)
def test_every_line_is_ascii_and_short_enough_for_any_server(subject: str, name: str, text: str) -> None:
    content = build_mail(email_message(subject=subject, sender_name=name, text=text)).content
    assert content.isascii()
    assert content.endswith(b"\r\n")
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", content)
    head, _, body = content.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) < 998
    assert max(map(len, body.split(b"\r\n"))) <= LINE_CHARACTERS_MAX
    assert all(len(word) <= 75 for word in re.findall(rb"=\?[^?]*\?.\?[^?]*\?=", head))


def test_another_process_makes_the_same_mail() -> None:
    """Neither the clock nor randomness nor the order of a hash table is in it."""
    message = email_message(subject="Grüße 🌹", sender_name="Blüten & Söhne")
    program = (
        "import sys; from connectors.email.smtp.mail import build_mail; from tactful.connector import Message;"
        "sys.stdout.buffer.write(build_mail(Message.model_validate_json(sys.stdin.read())).content)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], input=message.model_dump_json().encode(), capture_output=True, check=True
    )
    assert run.stdout == build_mail(message).content


@pytest.mark.parametrize("field", ["to", "sender_name", "sender_address", "reply_to", "subject", "list_id", "language"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028", "\x7f"], ids=ascii)
def test_no_field_can_write_a_header_of_its_own(field: str, end: str) -> None:
    before = getattr(email_message(), field) or "a@fleur.example"
    said = fault_of(email_message(**{field: f"{before}{end}Bcc: everybody@example.com"}))
    assert (said.fault, said.code) == (Fault.BAD_CONTENT, "header")


def test_no_text_can_end_its_part() -> None:
    boundary = f"--=_{KEY.hex}"
    text = f"before\n{boundary}\nContent-Type: text/html\n\n<b>cheat</b>\n{boundary}--\nafter"
    parts = [part.get_content_type() for part in parsed(email_message(text=text)).walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]


def test_an_encoded_word_somebody_typed_is_shown_as_typed() -> None:
    typed = "=?utf-8?q?Your_bank?="
    assert shown(headers(email_message(subject=typed))["Subject"]) == typed


def test_a_marketing_mail_shows_a_way_out_in_one_click() -> None:
    """RFC 8058: both headers, and the link in one piece however long it is."""
    url = "https://fleur.example/u/" + "x" * 400
    found = headers(email_message(unsubscribe_url=url))
    assert found["List-Unsubscribe"] == f"<{url}>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in build_mail(email_message(unsubscribe_url=url)).content


def test_without_https_there_is_a_way_out_but_not_in_one_click() -> None:
    found = headers(email_message(unsubscribe_url="http://127.0.0.1:8080/u/3f9c"))
    assert found["List-Unsubscribe"] == "<http://127.0.0.1:8080/u/3f9c>"
    assert "List-Unsubscribe-Post" not in found


def test_a_service_mail_shows_no_way_out() -> None:
    assert not [name for name in headers(email_message(marketing=False)) if name.startswith("List-Unsubscribe")]


@pytest.mark.parametrize("url", [None, "", "https://a b", "javascript:x", "https://fleur.example/ü", "https://x/>,<y"])
def test_a_marketing_mail_without_a_way_out_is_refused(url: str | None) -> None:
    assert fault_of(email_message(unsubscribe_url=url)).code == "unsubscribe"


def test_answers_go_where_they_are_wanted() -> None:
    assert headers(email_message(reply_to="people@fleur.example"))["Reply-To"] == "people@fleur.example"
    assert "Reply-To" not in headers(email_message())


@pytest.mark.parametrize(("text", "html", "kind"), [("Hi", None, "text/plain"), (None, "<p>Hi</p>", "text/html")])
def test_a_mail_of_one_kind_has_one_part(text: str | None, html: str | None, kind: str) -> None:
    mail = parsed(email_message(text=text, html=html))
    assert (mail.get_content_type(), mail.get_content()) == (kind, f"{text or html}\r\n")


def test_a_mail_of_nothing_is_refused() -> None:
    said = fault_of(email_message(text=None, html=None))
    assert (said.fault, said.code) == (Fault.BAD_CONTENT, "empty")


@pytest.mark.parametrize(
    "to", ["jane", "jane@", "@example.com", "a@b@c", "jane doe@example.com", "Jane <j@example.com>"]
)
def test_what_is_no_address_is_a_bad_recipient(to: str) -> None:
    said = fault_of(email_message(to=to))
    assert said.fault is Fault.BAD_RECIPIENT
    assert to not in str(said)


def test_a_domain_may_be_written_in_any_letters() -> None:
    mail = build_mail(email_message(to="jane@bücher.example", sender_address="hallo@blüten.example"))
    assert (mail.recipient, mail.sender) == ("jane@xn--bcher-kva.example", "hallo@xn--blten-lva.example")
    assert mail.message_id == f"<{KEY}@xn--blten-lva.example>"


def test_letters_outside_ascii_before_the_at_are_not_supported() -> None:
    assert fault_of(email_message(to="jürgen@example.com")).fault is Fault.UNSUPPORTED


@pytest.mark.parametrize("address", [None, "", "FLEUR", "fleur@"])
def test_a_mail_without_a_sender_is_refused(address: str | None) -> None:
    said = fault_of(email_message(sender_address=address))
    assert (said.fault, said.code) == (Fault.BAD_CONTENT, "sender")


@pytest.mark.parametrize("field", ["subject", "sender_name", "unsubscribe_url"])
def test_a_header_too_long_for_any_server_is_refused(field: str) -> None:
    assert fault_of(email_message(**{field: "https://" + "x" * 1000})).code == "header"
