"""What servers of this world say, and what we make of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.email.smtp.faults import RULES, Stage, enhanced_status, fault_of_reply, wait_asked_for
from tactful.connector import Fault

RECIPIENT, CONTENT, SENDER, CONNECT = Stage.RECIPIENT, Stage.CONTENT, Stage.SENDER, Stage.CONNECT

# Postfix, Exim, Exchange Online, Gmail, Yahoo, SES and others, shortened.
REPLIES = [
    (
        RECIPIENT,
        "550 5.1.1 <x>: Recipient address rejected: User unknown in relay recipient table",
        Fault.BAD_RECIPIENT,
    ),
    (CONTENT, "550 5.1.1 The email account that you tried to reach does not exist", Fault.BAD_RECIPIENT),
    (RECIPIENT, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", Fault.BAD_RECIPIENT),
    (RECIPIENT, "550 5.5.0 Requested action not taken: mailbox unavailable", Fault.BAD_RECIPIENT),
    (RECIPIENT, "550 No such user here", Fault.BAD_RECIPIENT),
    (RECIPIENT, "550 #5.1.0 Address rejected.", Fault.BAD_RECIPIENT),
    (RECIPIENT, "550 5.4.1 Recipient address rejected: Access denied", Fault.BAD_RECIPIENT),
    (RECIPIENT, "550 5.2.1 The email account that you tried to reach is disabled", Fault.BAD_RECIPIENT),
    (RECIPIENT, "556 Domain does not accept mail", Fault.BAD_RECIPIENT),
    (RECIPIENT, "550 5.7.17 Mailbox owner has changed", Fault.BAD_RECIPIENT),
    (RECIPIENT, "550 5.2.1 The user is receiving mail at a rate that prevents delivery", Fault.THROTTLED),
    (CONTENT, "550 5.7.28 Flood of unsolicited mail", Fault.THROTTLED),
    (CONTENT, "421 4.7.28 Unusual number of messages", Fault.THROTTLED),
    (CONTENT, "421 4.7.0 Our system has detected an unusual rate of unsolicited mail", Fault.THROTTLED),
    (CONTENT, "454 Throttling failure: Maximum sending rate exceeded.", Fault.THROTTLED),
    (CONTENT, "454 Throttling failure: Daily message quota exceeded.", Fault.QUOTA),
    (CONTENT, "550 5.4.5 Daily user sending limit exceeded", Fault.QUOTA),
    (CONTENT, "552 5.4.5 Over the limit", Fault.QUOTA),
    (CONTENT, "550 Message limit reached: daily sending limit", Fault.QUOTA),
    (RECIPIENT, "552 5.2.2 The email account is over quota", Fault.TRANSIENT),
    (CONTENT, "552 Mailbox full", Fault.TRANSIENT),
    (RECIPIENT, "452 4.2.2 Over quota", Fault.TRANSIENT),
    (RECIPIENT, "450 4.2.0 Greylisted, try again in 300 seconds", Fault.TRANSIENT),
    (RECIPIENT, "450 4.1.1 Unverified address", Fault.TRANSIENT),
    (CONNECT, "421 4.3.2 Service not available", Fault.TRANSIENT),
    (CONNECT, "454 4.7.0 Temporary authentication failure", Fault.TRANSIENT),
    (CONNECT, "535 5.7.8 Authentication credentials invalid", Fault.CONFIG),
    (CONNECT, "554 5.7.1 No SMTP service here", Fault.CONFIG),
    (RECIPIENT, "554 5.7.1 <x>: Relay access denied", Fault.CONFIG),
    (RECIPIENT, "550 relay not permitted", Fault.CONFIG),
    (RECIPIENT, "550 5.7.1 Unable to relay", Fault.CONFIG),
    (
        RECIPIENT,
        "554 5.7.1 Service unavailable; Client host [203.0.113.9] blocked using zen.spamhaus.org",
        Fault.CONFIG,
    ),
    (CONTENT, "550 5.7.26 This mail has been blocked because the sender is unauthenticated", Fault.CONFIG),
    (CONTENT, "550 5.7.23 The message was rejected", Fault.CONFIG),
    (CONTENT, "550 5.7.1 Email rejected per DMARC policy", Fault.CONFIG),
    (CONTENT, "554 Message rejected: Email address is not verified.", Fault.CONFIG),
    (SENDER, "530 5.7.0 Must issue a STARTTLS command first", Fault.CONFIG),
    (RECIPIENT, "530 Log in first", Fault.CONFIG),
    (SENDER, "550 5.1.8 Sender address rejected: Domain not found", Fault.CONFIG),
    (RECIPIENT, "550 5.1.8 Sender address rejected: Domain not found", Fault.CONFIG),
    (SENDER, "553 Sorry, your envelope sender is not allowed", Fault.CONFIG),
    (RECIPIENT, "550 5.7.1 Your address is on our suppression list", Fault.SUPPRESSED),
    (RECIPIENT, "550 5.1.1 Inactive recipient", Fault.SUPPRESSED),
    (RECIPIENT, "550 The recipient has unsubscribed", Fault.SUPPRESSED),
    (CONTENT, "552 5.2.3 Message exceeds the recipient's limit", Fault.BAD_CONTENT),
    (SENDER, "552 5.3.4 Message too big for system", Fault.BAD_CONTENT),
    (SENDER, "552 Exceeded storage allocation", Fault.BAD_CONTENT),
    (CONTENT, "552 Message size exceeds fixed maximum", Fault.BAD_CONTENT),
    (CONTENT, "550 5.7.1 This message looks like spam", Fault.BAD_CONTENT),
    (RECIPIENT, "550 5.7.1 Rejected by policy", Fault.BAD_CONTENT),
    (CONTENT, "554 5.6.0 Malformed message", Fault.BAD_CONTENT),
    (CONTENT, "554 Transaction failed", Fault.BAD_CONTENT),
    (RECIPIENT, "554 Transaction failed", Fault.BAD_CONTENT),
    (SENDER, "550 5.6.7 SMTPUTF8 is needed", Fault.UNSUPPORTED),
]


@pytest.mark.parametrize(("stage", "reply", "expected"), REPLIES, ids=lambda value: getattr(value, "name", None))
def test_a_reply_means(stage: Stage, reply: str, expected: Fault) -> None:
    code, _, text = reply.partition(" ")
    assert fault_of_reply(stage, int(code), text) is expected


def test_every_row_of_the_table_decides_something() -> None:
    deciding = set[int]()
    for stage, reply, _ in REPLIES:
        code, _, text = reply.partition(" ")
        matches = (rule.matches(stage, code, enhanced_status(text), text.lower()) for rule in RULES)
        deciding.add(next(index for index, matched in enumerate(matches) if matched))
    assert deciding == set(range(len(RULES)))


@pytest.mark.parametrize("stage", [s for s in Stage if s < Stage.COMMITTED])
def test_every_refusal_means_something(stage: Stage) -> None:
    temporary = {Fault.TRANSIENT, Fault.THROTTLED, Fault.QUOTA}
    for code in range(400, 600):
        fault = fault_of_reply(stage, code, "")
        assert fault is not Fault.AMBIGUOUS
        mailbox_full = code == 552 and stage in {RECIPIENT, CONTENT}
        assert (fault in temporary) == (code < 500 or mailbox_full), code


@pytest.mark.parametrize("code", [-1, 200, 250, 354, 399, 450, 550, 600])
def test_between_the_dot_and_the_answer_nothing_is_known(code: int) -> None:
    assert fault_of_reply(Stage.COMMITTED, code, "5.1.1 No such user") is Fault.AMBIGUOUS


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("4.2.0 Greylisted, come back in 5 minutes", timedelta(minutes=5)),
        ("4.2.0 try again in 30 seconds", timedelta(seconds=30)),
        ("4.2.0 try again in 9000 minutes", timedelta(hours=1)),
        ("4.2.0 try again later", None),
    ],
)
def test_a_server_may_say_how_long_to_wait(text: str, wait: timedelta | None) -> None:
    assert wait_asked_for(text) == wait


def test_the_documentation_has_the_table_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs/connectors/smtp.md").read_text(encoding="utf-8")
    rows = [f"| {rule.why} | *{rule.fault.value.replace('_', ' ')}* |" for rule in RULES]
    assert [line for line in page.splitlines() if line in rows] == rows
