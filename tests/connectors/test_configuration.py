"""`tactful.toml`: what it configures, and how each mistake in it is named."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from connectors.email.smtp import Smtp, SmtpConfig
from connectors.mailbox import Mailbox
from connectors.other.call_task import CallTask
from service.connectors import ConfigurationError, Connectors, read_connectors
from tactful.connector import Money, Ports, find
from tactful.connector.http import HttpConfig
from tactful.connector.loader import known
from tactful.words import Channel

CHECKOUT = Path(__file__).parents[2]
PORTS = Ports(deliver=lambda _: "")


def read(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Connectors:
    path = folder / "tactful.toml"
    path.write_text(text, encoding="utf-8")
    return read_connectors(path, PORTS, environ or {})


def problems(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, text, environ)
    assert caught.value.__cause__ is None or "secret" not in str(caught.value.__cause__)
    return [problem.removeprefix(f"{folder / 'tactful.toml'}: ") for problem in caught.value.problems]


def test_the_checkout_sends_everything_to_the_mailbox_and_calls_to_the_list() -> None:
    found = read_connectors(CHECKOUT / "tactful.toml", PORTS, {})
    assert found.by_channel == dict.fromkeys(Channel, ("mailbox",)) | {Channel.CALL: ("call_task",)}
    assert {type(connector) for connector in found.by_name.values()} == {Mailbox, CallTask}


def test_connectors_are_named_freely_and_ordered_per_channel(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from a file\n")
    found = read(
        tmp_path,
        """
        [connectors.first]
        use = "smtp"
        host = { env = "MAIL_HOST" }
        port = { env = "MAIL_PORT" }
        username = "fleur"
        password = { file = "password" }
        idle = 30

        [connectors.second]
        use = "connectors.email.smtp:Smtp"
        host = "second.example"

        [channels.email]
        use = ["second", "first"]
        """,
        {"MAIL_HOST": "first.example", "MAIL_PORT": "2525"},
    )
    assert found.by_channel == {Channel.EMAIL: ("second", "first")}
    first = found.by_name["first"]
    assert isinstance(first, Smtp)
    assert isinstance(first.config, SmtpConfig)
    assert (first.config.host, first.config.port, first.config.idle) == ("first.example", 2525, timedelta(seconds=30))
    assert first.config.password
    assert first.config.password.get_secret_value() == "from a file"


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        surprise = 1

        [connecters.smtp]

        [connectors.relay]
        use = "smtpp"

        [connectors.smtp]
        hots = "mail.example"
        port = 99999
        password = "secret, in the file"

        [connectors.other]
        use = "smtp"
        idle = -1

        [channels.email]
        use = ["smtpp", "smtp"]
        using = 1

        [channels.sms]
        use = ["smtp"]

        [channels.fax]
        use = ["smtp"]

        [channels.push]
        use = "smtp"

        [channels]
        letter = "smtp"
        """,
    )
    assert found == [
        'surprise: there is no section "surprise". There are: connectors, channels.',
        'connecters: there is no section "connecters". Did you mean "connectors"?',
        'connectors.relay.use: there is no connector "smtpp". Did you mean "smtp"?',
        'connectors.smtp.password: a secret is not written here; say { env = "VARIABLE" } or { file = "PATH" }',
        "connectors.smtp.host: is missing",
        "connectors.smtp.port: must be less than or equal to 65535",
        'connectors.smtp.hots: there is no setting "hots". Did you mean "host"?',
        "connectors.other.host: is missing",
        "connectors.other.idle: must be greater than or equal to 0 seconds",
        'channels.email.using: there is no setting "using". There are: use.',
        'channels.email.use: there is no connector "smtpp". Did you mean "smtp"?',
        'channels.fax: there is no channel "fax". There are: email, sms, push, letter, call.',
        'channels.push.use: must list connectors by name, first choice first: use = ["smtp"]',
        "channels.letter: must be a table, [channels.letter]",
        'channels.letter.use: must list connectors by name, first choice first: use = ["smtp"]',
    ]


def test_a_connector_is_not_used_for_what_it_does_not_serve(tmp_path: Path) -> None:
    text = '[connectors.smtp]\nhost = "mail.example"\n[channels.sms]\nuse = ["smtp"]'
    told = 'channels.sms.use: the connector "smtp" serves email, not sms; name it under [channels.email]'
    assert problems(tmp_path, text) == [told]


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ('{ env = "SMTP_PASSWORD" }', "the environment variable SMTP_PASSWORD is not set, or empty"),
        ('{ file = "nowhere" }', "nowhere cannot be read: No such file or directory"),
        ('{ file = "empty" }', "empty is empty"),
        ('{ file = "binary" }', "binary cannot be read: not UTF-8"),
        ('{ file = "a", env = "b" }', "a secret is not written here"),
        ("17", "a secret is not written here"),
    ],
)
def test_a_secret_that_cannot_be_had_is_named_by_its_place(tmp_path: Path, password: str, complaint: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    text = f'[connectors.smtp]\nhost = "mail.example"\nusername = "fleur"\npassword = {password}'
    [problem] = problems(tmp_path, text)
    assert problem.startswith("connectors.smtp.password: ")
    assert complaint in problem


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ('username = "fleur"', "connectors.smtp: username and password belong together: give both, or neither"),
        (
            'tls = "none"\nusername = "fleur"\npassword = { env = "P" }',
            'connectors.smtp: the password would cross the network unencrypted: use tls = "starttls" or "tls"',
        ),
        ('tls = "ssl"', "connectors.smtp.tls: must be 'none', 'starttls' or 'tls'"),
        ('bounces_to = "nobody"', "connectors.smtp.bounces_to: is not an email address, or not in ASCII before the @"),
        ('hello_as = "two words"', "connectors.smtp.hello_as: must match pattern '^[!-~]{1,255}$'"),
        (
            'username = ""\npassword = { env = "P" }',
            "connectors.smtp.username: must have at least 1 character",
        ),
        ("connections = 0", "connectors.smtp.connections: must be greater than or equal to 1"),
        (
            'idle = "a while"',
            'connectors.smtp.idle: must be a length of time: idle = "4 hours", or seconds: idle = 90',
        ),
        (
            'idle = "999999999 weeks"',
            'connectors.smtp.idle: must be a length of time: idle = "4 hours", or seconds: idle = 90',
        ),
        ('idle = "2 hours"', "connectors.smtp.idle: must be less than or equal to 1 hour"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, settings: str, complaint: str) -> None:
    text = f'[connectors.smtp]\nhost = "mail.example"\n{settings}'
    assert problems(tmp_path, text, {"P": "secret"}) == [complaint]


def test_a_certificate_file_is_looked_into(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for file in ("ca.pem", "nowhere.pem"):
        text = f'[connectors.smtp]\nhost = "mail.example"\nca_file = "{tmp_path / file}"'
        [problem] = problems(tmp_path, text)
        assert problem.startswith("connectors.smtp.ca_file: cannot be read as certificates in PEM form (")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"[connectors", "is not TOML: Expected ']' at the end of a table declaration (at end of document)"),
        (b"[connectors.smtp]\n[connectors.smtp]", "is not TOML: Cannot declare"),
        (b'host = "\xff"', "is not UTF-8 (byte 8)"),
        (b"#" * 1_000_001, "longer than 1,000,000 bytes"),
        (b"connectors = 1\nchannels = [1]", "connectors: must be a table, [connectors]"),
    ],
    ids=["torn", "twice", "not UTF-8", "too long", "no tables"],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "tactful.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=re.escape(f"{path}: {complaint}")):
        read_connectors(path, PORTS, {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tactful.toml"
    with pytest.raises(ConfigurationError, match=re.escape(f"{path}: cannot be read: No such file or directory")):
        read_connectors(path, PORTS, {})


def test_a_secret_is_in_no_repr(tmp_path: Path) -> None:
    text = '[connectors.smtp]\nhost = "m.example"\nusername = "fleur"\npassword = { env = "P" }'
    found = read(tmp_path, text, {"P": "hunter2"})
    assert "hunter2" not in repr(found) + repr(vars(found.by_name["smtp"]))


def test_a_rate_is_the_connectors_own_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "slow_loft.py").write_text(
        "from connectors.mailbox import Mailbox\n"
        "import dataclasses\n"
        "class Loft(Mailbox):\n"
        "    capabilities = dataclasses.replace(Mailbox.capabilities, rate=0.5)\n",
        encoding="utf-8",
    )
    sys.path.insert(0, str(tmp_path))
    try:
        found = read(
            tmp_path,
            """
            [connectors.mailbox]
            [connectors.loft]
            use = "slow_loft:Loft"
            [connectors.faster]
            use = "slow_loft:Loft"
            rate = 14
            """,
        )
    finally:
        sys.path.remove(str(tmp_path))
    assert found.rates == {"loft": 0.5, "faster": 14.0}


def test_letters_are_on_their_way_for_as_long_as_their_connector_says_unless_the_file_says_otherwise(
    tmp_path: Path,
) -> None:
    lob = """
        use = "lob"
        api_key = { env = "KEY" }
        return_address = { name = "Fleur", street = "1 Rose Lane", city = "Portland", state = "OR", zip = "97201" }
    """
    found = read(tmp_path, f"[connectors.post]{lob}\n[connectors.slow]{lob}in_home_days = 9", {"KEY": "test_12345678"})
    assert found.in_home == {"post": timedelta(days=5), "slow": timedelta(days=9)}


def test_what_a_message_costs_is_as_the_file_says(tmp_path: Path) -> None:
    found = read(tmp_path, '[connectors.mailbox]\nunit_cost = "0.0079 EUR"\n[connectors.other]\nuse = "mailbox"')
    assert found.unit_costs == {"mailbox": Money(amount=Decimal("0.0079"), currency="EUR")}


@pytest.mark.parametrize(("said", "why"), [("0.85", "an amount and its currency"), ('"1 EUX"', "no currency 'EUX'")])
def test_a_price_that_is_none_is_named(tmp_path: Path, said: str, why: str) -> None:
    (problem,) = problems(tmp_path, f"[connectors.mailbox]\nunit_cost = {said}")
    assert problem.startswith("connectors.mailbox.unit_cost: ")
    assert why in problem


@pytest.mark.parametrize("days", ["-1", "31", "1.5", "true", '"three"'])
def test_days_on_the_way_that_are_none_are_named(tmp_path: Path, days: str) -> None:
    assert problems(tmp_path, f"[connectors.mailbox]\nin_home_days = {days}") == [
        "connectors.mailbox.in_home_days: must be whole days, from 0 to 30: in_home_days = 4"
    ]


@pytest.mark.parametrize("rate", ["0", "-1", "true", '"fast"', "20000", "nan"])
def test_a_rate_that_is_none_is_named(tmp_path: Path, rate: str) -> None:
    assert problems(tmp_path, f"[connectors.mailbox]\nrate = {rate}") == [
        "connectors.mailbox.rate: must be messages a second, from 0.001 to 10,000: rate = 14"
    ]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("30", 30), ('"30 seconds"', 30), ('"1 minute"', 60), ('"1 hour"', 3600), ('"PT5M"', 300), ("0.5", 0.5)],
)
def test_a_length_of_time_is_said_in_words_or_seconds(tmp_path: Path, said: str, seconds: float) -> None:
    [smtp] = read(tmp_path, f'[connectors.smtp]\nhost = "mail.example"\nidle = {said}').by_name.values()
    assert isinstance(smtp.config, SmtpConfig)
    assert smtp.config.idle == timedelta(seconds=seconds)


CONFIGURING = (CHECKOUT / "docs/connectors/configuring.md").read_text(encoding="utf-8")
# What SendGrid shows is too long for a page: any P-256 key will do.
PUBLIC_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjlM7b6C/e0YluzBmfAH7YH75+LioD+9bMAYocDGHsqNz6x294DMYNm0Gn4Om9ZAA"
    "U8c2M8sEGyHFXhqGwfQAtA=="
)
COMMON = frozenset({"rate", "unit_cost", "in_home_days", "use", *HttpConfig.model_fields})


def test_the_file_on_the_page_is_one(tmp_path: Path) -> None:
    [text] = re.findall(r"^```toml\n(.*?)^```", CONFIGURING, re.DOTALL | re.MULTILINE)
    (tmp_path / "smtp").write_text("a-password")
    found = read(tmp_path, text.replace("/run/secrets/smtp", "smtp"), {"POSTMARK_SERVER_TOKEN": "a-token"})
    assert found.by_channel == {Channel.EMAIL: ("postmark", "newsletters")}
    assert (found.rates, set(found.unit_costs)) == ({"postmark": 50}, {"postmark"})


def test_every_key_that_all_have_is_on_the_page() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", CONFIGURING, re.MULTILINE)) == COMMON


@pytest.mark.parametrize("name", known())
def test_every_key_of_a_connector_is_on_its_page(name: str) -> None:
    page = (CHECKOUT / f"docs/connectors/{name}.md").read_text(encoding="utf-8")
    rows = " ".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE))
    told = set(re.findall(r"`(\w+)`", rows))
    assert sorted(set(find(name).Config.model_fields) - told - COMMON) == []


BOUNCES = """
    [connectors.relay]
    use = "smtp"
    host = "relay.example"
    bounces_to = "bounces@fleur.example"

    [connectors.relay.bounces]
    host = "imap.example"
    username = "bounces"
    password = { env = "IMAP_PASSWORD" }
    secret = { file = "bounces.secret" }
    every = 30
"""


def test_a_table_within_a_connectors_has_secrets_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "bounces.secret").write_text("0123456789abcdef0123456789abcdef\n")
    found = read(tmp_path, BOUNCES, {"IMAP_PASSWORD": "hush"}).by_name["relay"]
    assert isinstance(found, Smtp)
    assert found.polls_every() == timedelta(seconds=30)
    assert found.config.bounces is not None
    assert found.config.bounces.password.get_secret_value() == "hush"
    assert found.config.bounces.secret.get_secret_value() == "0123456789abcdef0123456789abcdef"


def test_mistakes_in_a_table_within_a_connectors_are_named_by_their_key(tmp_path: Path) -> None:
    text = BOUNCES.replace("every = 30", 'every = "often"\n    foldr = "INBOX"').replace(
        '{ file = "bounces.secret" }', '"written here"'
    )
    assert sorted(problems(tmp_path, text)) == [
        'connectors.relay.bounces.every: must be a length of time: every = "4 hours", or seconds: every = 90',
        'connectors.relay.bounces.foldr: there is no setting "foldr". Did you mean "folder"?',
        "connectors.relay.bounces.password: the environment variable IMAP_PASSWORD is not set, or empty",
        'connectors.relay.bounces.secret: a secret is not written here; say { env = "VARIABLE" } or { file = "PATH" }',
    ]


def test_a_table_that_is_no_table_is_named(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, '[connectors.smtp]\nhost = "h"\nbounces = "imap.example"')
    assert found.startswith("connectors.smtp.bounces: must be a valid")


@pytest.mark.parametrize("name", known())
def test_the_table_on_a_connectors_page_is_right_but_for_its_secrets(tmp_path: Path, name: str) -> None:
    page = (CHECKOUT / f"docs/connectors/{name}.md").read_text(encoding="utf-8")
    text = re.findall(r"^```toml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[0]
    (tmp_path / "tactful.toml").write_text(text.replace("MFkwEwYHKoZIzj0CAQYI…", PUBLIC_KEY), encoding="utf-8")
    try:
        read_connectors(tmp_path / "tactful.toml", PORTS, {})
    except ConfigurationError as error:
        for problem in error.problems:
            assert "the environment variable" in problem or "cannot be read" in problem


class Brittle(SmtpConfig):
    pin: SecretStr = Field(pattern="^[0-9]+$")  # what pydantic cannot do, and says by a TypeError


class Pinned(Smtp):
    Config = Brittle


def test_code_of_a_stranger_that_breaks_is_named_and_shows_nothing(tmp_path: Path) -> None:
    text = f'[connectors.relay]\nuse = "{__name__}:Pinned"\nhost = "h"\npin = {{ env = "PIN" }}'
    assert problems(tmp_path, text, {"PIN": "secret"}) == [
        "connectors.relay: the connector's own code breaks on it (TypeError)"
    ]
