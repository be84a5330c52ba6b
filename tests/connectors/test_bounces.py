"""What comes back by mail is read for what it is: bounces, complaints, answers. Who proves nothing is not believed."""

from __future__ import annotations

import time
from uuid import UUID, uuid4

import pytest

from connectors.email.smtp.letters import BYTES_READ, KEPT_UNPROVEN, read
from connectors.email.smtp.mail import build_mail
from connectors.email.smtp.returning import HEADER
from tactful.connector import Inbound, Told
from tactful.inbound import Order, wish_of
from tactful.words import ReceiptKind
from tests.connectors.conftest import KEY, email_message
from tests.connectors.returned import (
    ADDRESS,
    AT,
    PATH,
    RETURNS,
    RFC_3464,
    RFC_5965,
    STRANGERS,
    failed,
    letter,
    person,
    report,
    returned_headers,
)

K = ReceiptKind
OTHERS = "abuse@fleur.example"


def told(text: str | bytes) -> list[Told]:
    news = read(letter(text), RETURNS)
    assert all(isinstance(one, Told) for one in news)
    return [one for one in news if isinstance(one, Told)]


def only(text: str | bytes) -> Told:
    (one,) = told(text)
    return one


def written(text: str) -> Inbound:
    (one,) = read(letter(text), RETURNS)
    assert isinstance(one, Inbound), one
    return one


def unproven(one: Told) -> bool:
    return one.kind is K.UNKNOWN and one.key is None and not one.permanent


# ------------------------------------------------------------------------------------------ what proves a mail


def test_a_mail_carries_a_way_back_of_its_own_the_same_on_every_attempt() -> None:
    mail = build_mail(email_message(), RETURNS)
    assert mail == build_mail(email_message(), RETURNS)
    assert mail.sender == PATH
    local = mail.sender.partition("@")[0]
    assert local.startswith("bounces+")
    assert len(local) <= 64
    assert f"\r\n{HEADER}: {RETURNS.token(KEY)}\r\n".encode() in mail.content
    assert b"Reply-To" not in mail.content
    assert b"From: Fleur & Co <hello@fleur.example>" in mail.content


def test_answers_go_there_too_where_that_is_wanted_and_no_other_address_was_named() -> None:
    assert f"\r\nReply-To: {PATH}\r\n".encode() in build_mail(email_message(), RETURNS, answers=True).content
    named = build_mail(email_message(reply_to="ask@fleur.example"), RETURNS, answers=True).content
    assert b"\r\nReply-To: ask@fleur.example\r\n" in named


def test_the_way_back_is_known_again_in_capitals_and_by_nobody_elses_secret() -> None:
    other = uuid4()
    assert RETURNS.key_in("<x@y>", PATH.upper()) == KEY
    assert RETURNS.key_in(RETURNS.path(other), PATH) == other
    assert RETURNS.key_in(STRANGERS.path(KEY), ADDRESS, "") is None
    token = RETURNS.token(KEY)
    for place in range(len(token)):
        changed = token[:place] + ("a" if token[place] != "a" else "b") + token[place + 1 :]
        assert RETURNS.key_in(changed) is None
    assert RETURNS.key_in(token + "a", "a" + token) is None


@pytest.mark.parametrize(
    "text",
    [
        report(failed("5.1.1"), to=ADDRESS),
        report(failed("5.1.1"), to=STRANGERS.path(KEY)),
        report(failed("5.1.1"), to=ADDRESS, returned=f"Message-ID: <{KEY}@fleur.example>"),
        report(failed("5.1.1"), to=ADDRESS, returned=f"{HEADER}: {STRANGERS.token(KEY)}"),
        RFC_5965,
        RFC_5965.replace("somespammer@example.net", f"bounces+{STRANGERS.token(KEY)}@fleur.example"),
    ],
)
def test_a_report_that_anybody_could_have_written_is_kept_and_not_believed(text: str) -> None:
    one = only(text)
    assert unproven(one)
    assert "not proven" in one.reason
    assert len(str(one.raw["content"])) <= KEPT_UNPROVEN


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_the_mail_that_came_back_proves_a_report_whatever_address_it_came_to(kind: str) -> None:
    one = only(report(failed("5.1.1"), to=OTHERS, returned=returned_headers() + "\n\nPeonies", kind=kind))
    assert (one.kind, one.key, one.permanent) == (K.BOUNCED, KEY, True)


@pytest.mark.parametrize("name", ["Delivered-To", "X-Original-To", "Envelope-To"])
def test_so_does_the_address_it_was_delivered_to(name: str) -> None:
    assert only(f"{name}: {PATH}\n" + report(failed("5.1.1"), to="undisclosed")).key == KEY


# ------------------------------------------------------------------------------------------- delivery reports


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ("simple", [(K.BOUNCED, False, "426 4.0.0")]),
        ("several recipients", [(K.REJECTED, False, "550 5.0.0"), (K.DEFERRED, False, "4.0.0"),
                                (K.BOUNCED, False, "550 5.0.0")]),
        ("gateway", [(K.REJECTED, False, "5.0.0")]),
        ("delayed", [(K.DEFERRED, False, "4.0.0")]),
    ],
)  # fmt: skip
def test_the_examples_of_rfc_3464(example: str, expected: list[tuple[ReceiptKind, bool, str]]) -> None:
    found = told(report(RFC_3464[example]))
    assert [(one.kind, one.permanent, one.reason) for one in found] == expected
    assert {one.key for one in found} == {KEY}
    assert len({one.dedupe_id for one in found}) == len(found)


@pytest.mark.parametrize(
    ("status", "diagnostic", "kind", "permanent"),
    [
        # Postfix
        ("5.1.1", "smtp; 550 5.1.1 <jane.doe@example.com>: Recipient address rejected", K.BOUNCED, True),
        ("5.4.4", "X-Postfix; Host or domain name not found", K.BOUNCED, True),
        # Exim says 5.0.0 of everything
        ("5.0.0", "smtp; 550 No such user here", K.BOUNCED, True),
        ("5.0.0", "smtp; 550 Message contains a virus", K.REJECTED, False),
        ("5.0.0", "smtp; 550 5.1.1 The email account does not exist", K.BOUNCED, True),
        # Gmail
        ("5.1.1", "smtp; 550-5.1.1 The email account that you tried to reach does not exist.", K.BOUNCED, True),
        ("4.2.2", "smtp; 452-4.2.2 The email account that you tried to reach is over quota.", K.BOUNCED, False),
        ("5.7.26", "smtp; 550-5.7.26 This mail has been blocked because it is unauthenticated.", K.REJECTED, False),
        # Exchange
        ("5.1.10", "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", K.BOUNCED, True),
        ("5.7.1", "smtp;550 5.7.1 TRANSPORT.RULES.RejectMessage; refused by a rule", K.REJECTED, False),
        ("5.2.2", "smtp;554 5.2.2 mailbox full", K.BOUNCED, False),
        # local delivery
        ("5.1.1", "x-unix; user unknown", K.BOUNCED, True),
        # block lists and policies are not the address's fault
        ("5.7.1", "smtp; 554 5.7.1 Service unavailable; Client host blocked using a list", K.REJECTED, False),
        ("5.3.4", "smtp; 552 5.3.4 Message size exceeds fixed limit", K.REJECTED, False),
        # given up after days
        ("4.4.7", "", K.BOUNCED, False),
        ("4.4.1", "X-Postfix; connect: Connection timed out", K.BOUNCED, False),
        ("", "smtp; 550 5.1.1 unknown", K.BOUNCED, True),
        ("", "", K.BOUNCED, False),
    ],
)
def test_an_address_is_given_up_only_for_what_is_surely_its_own(
    status: str, diagnostic: str, kind: ReceiptKind, permanent: object
) -> None:
    one = only(report(failed(status, diagnostic)))
    assert (one.kind, one.permanent) == (kind, permanent)
    assert "jane" not in one.reason
    assert one.at == AT


@pytest.mark.parametrize(
    ("action", "kind"),
    [("delivered", K.DELIVERED), ("relayed", K.ACCEPTED), ("expanded", K.ACCEPTED), ("delayed", K.DEFERRED),
     ("teleported", K.UNKNOWN)],
)  # fmt: skip
def test_not_every_report_is_a_bounce(action: str, kind: ReceiptKind) -> None:
    one = only(report(failed("2.1.5", action=action)))
    assert (one.kind, one.permanent, one.key) == (kind, False, KEY)


def test_an_address_that_stands_for_several_is_not_dead_while_one_takes_mail() -> None:
    both = failed("5.1.1") + "\nFinal-Recipient: rfc822; joan@example.com\nAction: delivered\nStatus: 2.0.0\n"
    assert [(one.kind, one.permanent) for one in told(report(both))] == [(K.BOUNCED, False), (K.DELIVERED, False)]


def test_a_report_in_other_letters_than_ascii_is_read_too() -> None:
    text = report(failed("5.1.1")).replace("message/delivery-status", "message/global-delivery-status")
    assert only(text.replace("jane.doe@", "jäne@")).permanent


@pytest.mark.parametrize("fields", ["", "Reporting-MTA: dns; mx", "nonsense\n\n\n: :\n", "\x00\x01"])
def test_a_report_that_says_nothing_is_kept(fields: str) -> None:
    one = only(report(fields))
    assert (one.kind, one.reason) == (K.UNKNOWN, "a report that says nothing")


# ----------------------------------------------------------------------------------------------- complaints


def test_the_example_of_rfc_5965() -> None:
    one = only(RFC_5965.replace("Original-Mail-From: <somespammer@example.net>", f"Original-Mail-From: <{PATH}>"))
    assert (one.kind, one.key, one.reason) == (K.COMPLAINED, KEY, "abuse")
    by_header = RFC_5965.replace(
        "Subject: Earn money\nMIME", f"Subject: Earn money\n{HEADER}: {RETURNS.token(KEY)}\nMIME"
    )
    assert unproven(only(by_header)), "in the example an empty line ends the headers before it"
    whole = by_header.replace("-0400\n\nTo:", "-0400\nTo:")
    assert only(whole).key == KEY


@pytest.mark.parametrize(
    ("what", "kind"),
    [("fraud", K.COMPLAINED), ("Abuse", K.COMPLAINED), ("not-spam", K.UNKNOWN), ("opt-out", K.UNSUBSCRIBED)],
)
def test_kinds_of_complaints(what: str, kind: ReceiptKind) -> None:
    text = RFC_5965.replace("<somespammer@example.net>", f"<{PATH}>").replace("Type: abuse", f"Type: {what}")
    assert only(text).kind is kind


# ---------------------------------------------------------------------------------------------- programs


@pytest.mark.parametrize(
    "more",
    [
        "Auto-Submitted: auto-replied\n",
        "Auto-Submitted: auto-generated; type=vacation\n",
        "Auto-Submitted: by jane.doe@example.com\n",
        "Precedence: bulk\n",
        "X-Autoreply: yes\n",
        "List-Id: <news.example.com>\n",
        "Return-Path: <>\n",
    ],
)
def test_what_a_program_answers_is_neither_an_answer_nor_a_bounce(more: str) -> None:
    one = only(person("I am out of the office. Please stop by.", more=more))
    assert (one.kind, one.key) == (K.UNKNOWN, KEY)
    assert one.reason.startswith("automatic: ")
    assert "@" not in one.reason


def test_our_own_mail_that_comes_back_starts_no_circle() -> None:
    ours = build_mail(email_message(), RETURNS).content
    assert unproven(only(ours))
    forwarded = person("Ada wrote to us", to="jane.doe@example.com")  # from an address to the same, as we forward
    assert only(forwarded).reason == "our own mail, come back"


# ----------------------------------------------------------------------------------------------- people


def test_what_a_customer_answers_is_handed_on_with_the_message_it_answers() -> None:
    one = written(
        person("Are they fragrant?\n\nOn Sat, 21 Nov 2026, Fleur wrote:\n> unsubscribe\n> The peonies are in.")
    )
    assert (one.sender, one.recipient, one.in_reply_to, one.proven) == ("jane.doe@example.com", PATH, KEY, True)
    assert one.text == "Are they fragrant?"


def test_an_answer_to_another_address_of_ours_is_known_by_the_message_it_names_but_not_proven() -> None:
    other = UUID("00000000-0000-4000-8000-000000000001")
    one = written(person("Hi", to="hello@fleur.example", more=f"In-Reply-To: <{other}@fleur.example>\n"))
    assert (one.in_reply_to, one.proven) == (other, False)
    assert written(person("Hi", to=ADDRESS)).in_reply_to is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("STOP\n\nOn Sat, 21 Nov 2026 at 10:30,\nFleur & Co <hello@fleur.example> wrote:\n\n> The peonies", Order.STOP),
        ("please stop\n-- \nJane Doe\nExample Ltd", Order.STOP),
        ("stop\n\n-----Original Message-----\nFrom: Fleur\nSubject: x", Order.STOP),
        ("Abmelden\n\nAm Sa., 21. Nov. 2026 um 10:30 Uhr schrieb Fleur <hello@fleur.example>:\n> x", Order.STOP),
        ("START", Order.START),
        ("Lovely!\n\n> To unsubscribe, go here\n> unsubscribe", None),
        ("Lovely!\n\nFrom: Fleur <hello@fleur.example>\nSent: today\n\nunsubscribe\n", None),
        ("Lovely!\n________________________________\nunsubscribe", None),
        ("", None),
    ],
)
def test_their_own_words_act_and_not_what_their_program_quotes(body: str, expected: Order | None) -> None:
    wish = wish_of(written(person(body)).text)
    assert (wish.order if wish else None) is expected


def test_a_subject_counts_where_it_is_theirs() -> None:
    assert wish_of(written(person("", subject="STOP")).text) is not None
    assert wish_of(written(person("", subject="AW: Stop")).text) is None
    assert written(person("When?", subject="=?utf-8?q?R=C3=B6schen?=")).text == "Röschen\n\nWhen?"


def test_html_alone_is_read_without_what_it_quotes() -> None:
    text = person("<style>p{}</style><p>Please&nbsp;stop</p><blockquote><p>unsubscribe</p></blockquote>")
    one = written(text.replace("text/plain", "text/html"))
    assert one.text == "Please stop"


# ---------------------------------------------------------------------------------------------- monsters

DEEP = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3000))
MONSTERS = {
    "nothing": b"",
    "nothing but lines": b"\r\n" * 1000,
    "no text at all": bytes(range(256)) * 100,
    "parts within parts": b"To: x@y\r\n" + DEEP.encode(),
    "mails within mails": b"Content-Type: message/rfc822\r\n\r\n" * 5000,
    "a letter set that nobody has": person("x").replace("utf-8", "klingon-9").encode(),
    "a transfer coding that nobody has": person("x").replace("8bit", "x-secret").encode(),
    "base64 that is none": person("%%%").replace("8bit", "base64").encode(),
    "a header without end": b"To: " + b"x" * BYTES_READ,
    "a thousand headers": b"Received: x\r\n" * 20_000,
    "words that cannot be decoded": person("x", subject="=?utf-8?b?////?= =?nope?q?x?=").encode(),
    "addresses that are none": b"From: <<>>@@\r\nTo: (((\r\n\r\nstop",
    "a report cut short": report(failed("5.1.1")).encode()[:700],
    "no boundary": b"Content-Type: multipart/report\r\n\r\nx",
    "a page that is none": person("<a " * 50_000).replace("text/plain", "text/html").encode(),
    "quotes without end": person("On " * 30_000).encode(),
}


@pytest.mark.parametrize("name", sorted(MONSTERS))
def test_a_monster_is_read_past_in_no_time(name: str) -> None:
    began = time.process_time()
    one, *_ = read(letter(MONSTERS[name][:BYTES_READ]), RETURNS)
    again, *_ = read(letter(MONSTERS[name][:BYTES_READ]), RETURNS)
    assert one.dedupe_id == again.dedupe_id
    assert isinstance(one, Inbound) or one.kind is K.UNKNOWN or one.key == KEY
    assert time.process_time() - began < 20


def test_mails_that_differ_beyond_what_is_read_are_not_taken_for_one() -> None:
    text = person("x" * 100)
    once, again = (read(letter(text, size=size), RETURNS)[0].dedupe_id for size in (1000, 1001))
    assert once != again
