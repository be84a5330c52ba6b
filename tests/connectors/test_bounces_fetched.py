"""The mailbox of bounces on a real IMAP server: nothing is lost, told for ever, or thrown away unasked."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import ValidationError

from connectors.email.smtp import Smtp, SmtpConfig
from connectors.email.smtp.imap import Line
from connectors.email.smtp.letters import BYTES_READ
from connectors.email.smtp.mailbox import MOST
from tactful.connector import Asking, Fault, Fetched, Inbound, Ports, SendFault, Told, acknowledge, poll
from tactful.words import ReceiptKind
from tests.connectors.conftest import KEY
from tests.connectors.imap_server import MailStore, mail_store
from tests.connectors.mail_server import PASSWORD, server_context
from tests.connectors.returned import ADDRESS, AT, PATH, SECRET, failed, person, report
from tests.smtp_sink import HOST

BOUNCE = report(failed("5.1.1")).replace("\n", "\r\n").encode()


def smtp(store: MailStore | None = None, **bounces: Any) -> Smtp:  # noqa: ANN401 - whatever a setting takes
    """Return a connector whose bounces come to a mailbox; the relay itself is never called."""
    reached = store.config(**bounces) if store else bounces
    config = {"host": HOST, "bounces_to": ADDRESS, "bounces": {**reached, "secret": SECRET}}
    return Smtp(SmtpConfig.model_validate(config), Ports(deliver=str))


async def look(connector: Smtp, cursor: str | None = None, seconds: float = 20) -> Fetched:
    return await poll(connector, Asking(cursor, AT), deadline=time.monotonic() + seconds)


async def store_all(connector: Smtp, cursor: str | None = None) -> tuple[list[Told | Inbound], str | None]:
    """Fetch and acknowledge as the application does, as long as there is more."""
    news: list[Told | Inbound] = []
    while True:
        fetched = await look(connector, cursor)
        news += fetched.news
        cursor = cursor if fetched.cursor is None else fetched.cursor
        await acknowledge(connector, fetched.taken, deadline=time.monotonic() + 20)
        if not fetched.more:
            return news, cursor


async def fault(connector: Smtp, seconds: float = 20) -> SendFault:
    with pytest.raises(SendFault) as caught:
        await look(connector, seconds=seconds)
    assert PASSWORD not in f"{caught.value!r} {caught.value.detail}"
    assert caught.value.__context__ is None
    return caught.value


def number(n: int) -> bytes:
    return person(f"Question {n}").replace("\n", "\r\n").encode()


async def test_what_has_come_back_is_told_and_marked_as_read_once_it_is_stored() -> None:
    async with mail_store() as store:
        await store.put(BOUNCE, number(1), at=AT - timedelta(hours=1))
        connector = smtp(store)
        fetched = await look(connector)
        bounced, question = fetched.news
        assert isinstance(bounced, Told)
        assert (bounced.kind, bounced.key, bounced.permanent) == (ReceiptKind.BOUNCED, KEY, True)
        assert bounced.at == AT - timedelta(hours=1), (
            "when the mailbox took it: what the mail itself says proves nothing"
        )
        assert isinstance(question, Inbound)
        assert question.text == "Question 1"
        assert await store.flags() == ["", ""]
        assert (await look(connector)).news == fetched.news
        await acknowledge(connector, fetched.taken, deadline=time.monotonic() + 20)
        assert await store.flags() == ["\\Seen", "\\Seen"]
        assert await look(connector, fetched.cursor) == Fetched(cursor=fetched.cursor)


async def test_of_what_was_there_before_only_the_unread_is_read_and_afterwards_everything() -> None:
    async with mail_store() as store:
        await store.put(number(1), at=AT, flags="(\\Seen)")
        await store.put(number(2), at=AT)
        news, cursor = await store_all(smtp(store))
        assert [one.text for one in news if isinstance(one, Inbound)] == ["Question 2"]
        await store.put(number(3), number(4), at=AT)
        await store.do("store", "3", "+FLAGS", "(\\Seen)")  # somebody was quicker with a mail program
        await store.do("store", "4", "+FLAGS", "(\\Deleted)")
        news, _ = await store_all(smtp(store), cursor)
        assert [one.text for one in news if isinstance(one, Inbound)] == ["Question 3"]


@pytest.mark.parametrize("read", ["mark", "move"])
async def test_a_full_mailbox_is_read_in_looks_and_each_mail_once(read: str) -> None:
    async with mail_store() as store:
        await store.put(*map(number, range(MOST + 2)), at=AT)
        connector = smtp(store, read=read)
        first = await look(connector)
        assert (len(first.news), first.more) == (MOST, True)
        news, _ = await store_all(connector)
        assert len({one.dedupe_id for one in news}) == len(news) == MOST + 2
        assert len(await store.flags()) == (0 if read == "move" else MOST + 2)


@pytest.mark.parametrize("read", ["mark", "move"])
async def test_of_huge_mails_few_are_read_at_a_time_and_all_in_the_end(read: str) -> None:
    """Whoever likes can send them; a look that never came to its end would keep all others from being read."""
    huge = [number(n) + b"x" * BYTES_READ for n in range(10)]
    async with mail_store() as store:
        await store.put(*huge, number(10), at=AT)
        connector = smtp(store, read=read)
        first = await look(connector)
        assert (len(first.news), first.more) == (8, True)
        news, _ = await store_all(connector)
        assert len({one.dedupe_id for one in news}) == 11


async def test_a_header_is_read_only_as_far_as_anybody_writes_one() -> None:
    monster = b"From: ada@email.example\r\nTo: us@fleur.example\r\nSubject: " + b"=?utf-8?q?a?= " * 15_000
    async with mail_store() as store:
        await store.put(monster + b"\r\n\r\nHello", at=AT)
        (one,) = (await look(smtp(store))).news
    assert isinstance(one, Inbound)
    assert one.text.endswith("Hello")
    assert len(one.text) < 1_000


async def test_mails_are_moved_to_a_folder_where_that_is_wanted() -> None:
    async with mail_store() as store:
        await store.put(BOUNCE, at=AT)
        connector = smtp(store, read="move", move_to="Read by Tactful")
        fetched = await look(connector)
        for _ in range(2):  # told twice, as after a crash
            await acknowledge(connector, fetched.taken, deadline=time.monotonic() + 20)
        assert (await store.flags(), len(await store.flags("Read by Tactful"))) == ([], 1)


async def test_mails_that_somebody_marked_as_deleted_hide_none_behind_them() -> None:
    async with mail_store() as store:
        await store.put(*map(number, range(4 * MOST)), at=AT, flags="(\\Deleted)")
        await store.put(BOUNCE, at=AT)
        news, _ = await store_all(smtp(store, read="move"))
        assert [one.dedupe_id for one in news if isinstance(one, Told)]
        assert len(await store.flags()) == 4 * MOST


async def test_mails_are_deleted_only_where_that_is_said_and_no_others_with_them() -> None:
    async with mail_store() as store:
        await store.put(number(1), at=AT, flags="(\\Deleted)")
        await store.put(BOUNCE, at=AT)
        await store_all(smtp(store, read="delete"))
        assert await store.flags() == ["\\Deleted"]


async def test_names_of_a_folder_that_was_made_anew_since_mean_nothing() -> None:
    async with mail_store() as store:
        await store.put(BOUNCE, at=AT)
        connector = smtp(store, read="delete")
        fetched = await look(connector)
        old = [f"1/{name.partition('/')[2]}" for name in fetched.taken]
        await acknowledge(connector, [*old, "nonsense"], deadline=time.monotonic() + 20)
        assert len(await store.flags()) == 1
        assert (await look(smtp(store), "1/999/999")).news == fetched.news, "it is read from the beginning"


async def test_of_a_huge_mail_the_beginning_is_fetched() -> None:
    async with mail_store() as store:
        await store.put(BOUNCE + b"x" * (3 * BYTES_READ), at=AT)
        (one,) = (await look(smtp(store))).news
        assert isinstance(one, Told)
        assert one.permanent


@pytest.mark.parametrize("mode", ["tls", "starttls"])
async def test_it_is_read_encrypted(authority: trustme.CA, ca_file: Path, mode: str) -> None:
    context: dict[str, ssl.SSLContext] = {mode: server_context(authority, HOST)}
    async with mail_store(**context) as store:  # pyright: ignore[reportArgumentType]
        assert (await look(smtp(store, tls=mode, ca_file=ca_file))).news == ()
        said = await fault(smtp(store, tls=mode))
        assert (said.fault, said.code) == (Fault.CONFIG, "tls")


@pytest.mark.parametrize(
    ("different", "code"),
    [
        ({"password": "wrong"}, "login"),
        ({"username": "nobody"}, "login"),
        ({"folder": "No such folder"}, "folder"),
        ({"tls": "starttls"}, "not offered"),
        ({"password": "pässwörd"}, "login"),
    ],
)
async def test_what_a_person_has_to_mend_is_said_once_for_all(different: dict[str, Any], code: str) -> None:
    async with mail_store() as store:
        said = await fault(smtp(store, **different))
    assert (said.fault, said.code) in {(Fault.CONFIG, code), (Fault.CONFIG, "login")}


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def rude(talk: Talk) -> AsyncGenerator[Smtp]:
    """Give a connector to a block whose server does as it likes."""
    calls: set[asyncio.Task[None]] = set()

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        calls.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(called, HOST, 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield smtp(host=HOST, port=port, tls="none", username="fleur", password=PASSWORD)
    finally:
        server.close()
        for task in calls:
            task.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


def saying(*answers: str) -> Talk:
    """Return a server that says these lines, one after each of ours, and then hangs up; `#` is our tag."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, answer in enumerate(answers):
            tag = (await reader.readline()).decode(errors="replace").partition(" ")[0] if number else ""
            writer.write(answer.replace("#", tag).encode("utf-8", "surrogateescape"))
            await writer.drain()

    return talk


HELLO = "* OK [CAPABILITY IMAP4rev1] hello\r\n"
CAN = "* CAPABILITY IMAP4rev1\r\n# OK done\r\n"
OK = "# OK done\r\n"
OPEN = "* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 2] x\r\n# OK [READ-ONLY] done\r\n"
SEARCHED = (HELLO, CAN, OK, CAN, OPEN, "* SEARCH 1\r\n# OK done\r\n")


async def silence(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"*")
        await writer.drain()
        await asyncio.sleep(0.05)


TALKS: dict[str, tuple[Talk, Fault]] = {
    "another protocol": (saying("220 mail.example ESMTP\r\n", OK), Fault.CONFIG),
    "a call that is not taken": (saying(), Fault.TRANSIENT),
    "a greeting and no more": (saying(HELLO), Fault.TRANSIENT),
    "goodbye at once": (saying("* BYE too many connections\r\n"), Fault.TRANSIENT),
    "later": (saying(HELLO, CAN, "# NO [UNAVAILABLE] later\r\n"), Fault.TRANSIENT),
    "a log-in refused": (saying(HELLO, CAN, f"# NO {PASSWORD} is wrong\r\n"), Fault.CONFIG),
    "lost after opening": (saying(HELLO, CAN, OK, CAN, OPEN), Fault.TRANSIENT),
    "numbers that are none": (saying(HELLO, CAN, OK, CAN, OPEN, "* SEARCH one two\r\n# OK done\r\n"), Fault.TRANSIENT),
    "nonsense": (saying(HELLO, CAN, OK, CAN, OPEN, "\r\n\r\n\udcff\udcfe {12}\r\n"), Fault.TRANSIENT),
    "a mail cut short": (saying(*SEARCHED, "* 1 FETCH (UID 1 BODY[] {99}\r\nshort"), Fault.TRANSIENT),
    "no next number": (saying(HELLO, CAN, OK, CAN, OPEN.replace("UIDNEXT 2", "x")), Fault.CONFIG),
    "a mail refused": (saying(*SEARCHED, "# NO cannot\r\n"), Fault.TRANSIENT),
}


@pytest.mark.parametrize("name", sorted(TALKS))
async def test_whatever_a_server_says_is_news_or_a_fault(name: str) -> None:
    talk, expected = TALKS[name]
    async with rude(talk) as connector:
        assert (await fault(connector)).fault is expected


@pytest.mark.parametrize("talk", [silence, drip])
async def test_a_server_that_keeps_us_waiting_is_cut_off_in_time(talk: Talk) -> None:
    async with rude(talk) as connector:
        said = await fault(connector, seconds=0.3)
    assert (said.fault, said.code) == (Fault.TRANSIENT, "timeout")


def test_who_is_cut_off_before_it_has_connected_waits_for_nothing_any_more() -> None:
    done: list[Line] = []
    with socket.create_server((HOST, 0)) as silent:
        line = Line(HOST, silent.getsockname()[1], "none", ssl.create_default_context(), 5)
        line.cut()
        with pytest.raises(SendFault) as caught:
            line.during(done.append)
    assert (caught.value.code, done) == ("lost", [])


async def test_a_secret_is_masked_also_where_what_a_server_says_is_cut() -> None:
    async with rude(saying(HELLO, CAN, f"# NO {'x' * 268} {PASSWORD}\r\n")) as connector:
        said = await fault(connector)
    assert PASSWORD[:6] not in said.detail


async def test_a_server_that_is_not_there_is_waited_for() -> None:
    async with rude(silence) as connector:
        pass
    assert (await fault(connector)).fault is Fault.TRANSIENT


async def test_a_mail_that_is_gone_meanwhile_or_says_little_is_told_as_what_it_is() -> None:
    there = saying(*SEARCHED, OK, "* BYE\r\n# OK done\r\n")
    async with rude(there) as connector:
        (one,) = (await look(connector)).news
    assert isinstance(one, Told)
    assert one.kind is ReceiptKind.UNKNOWN
    assert one.at == AT


# ------------------------------------------------------------------------------------------ configuration


def configured(**different: Any) -> SmtpConfig:  # noqa: ANN401 - whatever a setting takes
    bounces = {"host": "imap.example", "username": "fleur", "password": PASSWORD, "secret": SECRET}
    whole = {"host": "smtp.example", "bounces_to": ADDRESS, "bounces": bounces}
    return SmtpConfig.model_validate({**whole, **different, "bounces": bounces | different.get("bounces", {})})


@pytest.mark.parametrize(
    ("different", "said"),
    [
        ({"bounces_to": None}, "bounces_to is missing"),
        ({"bounces_to": f"{'b' * 24}@fleur.example"}, "no room for a key"),
        ({"bounces": {"secret": "short"}}, "at least 32"),
        ({"bounces": {"tls": "none"}}, "unencrypted"),
        ({"bounces": {"folder": 'IN"BOX'}}, "should match"),
        ({"bounces": {"read": "burn"}}, "'mark', 'move' or 'delete'"),
        ({"bounces": {"every": 1}}, "10 seconds"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_read(different: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        configured(**different)


def test_secrets_of_the_mailbox_are_shown_nowhere() -> None:
    shown = f"{configured()!r} {configured()}"
    assert PASSWORD not in shown
    assert SECRET not in shown


def test_without_a_mailbox_nobody_looks_and_mails_are_as_they_were() -> None:
    plain = Smtp(SmtpConfig(host="smtp.example"), Ports(deliver=str))
    assert plain.polls_every() is None
    assert not plain.receipts_come
    assert configured().returns is not None
    assert configured().returns.path(KEY) == PATH  # pyright: ignore[reportOptionalMemberAccess]
