"""`tactful connector send`: one real message, marked as a test; what came of it, what that means, what it asks."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from service.trying import MEANINGS
from tactful.conformance.provider import Act, Provider, Reset, Say, provider
from tactful.connector import Fault
from tests.connectors.cases.vonage import answered
from tests.integration.doors.commands import PROGRAM, Command, Done

SECRETS = {"KEY": "abcd1234", "SECRET": "very-secret-secret"}
ME = ("vonage", "--to", "+44 7700 900123", "--from", "Fleur")


@dataclass(frozen=True)
class Trying:
    """A provider, and the command in a folder that is configured for it."""

    there: Provider
    folder: Path

    async def __call__(self, *words: str, **variables: str) -> Done:
        tactful = Command("http://127.0.0.1:9", self.folder)
        return await asyncio.to_thread(tactful, "connector", "send", *words, **(SECRETS | variables))


@asynccontextmanager
async def at(act: Act, folder: Path) -> AsyncGenerator[Trying]:
    async with provider(lambda _: act) as there:
        (folder / "tactful.toml").write_text(
            f'[connectors.vonage]\nbase_url = "{there.base_url}"\napi_key = {{ env = "KEY" }}\n'
            'api_secret = { env = "SECRET" }\n[connectors.mailbox]\n'
        )
        yield Trying(there, folder)


async def test_what_is_taken_shows_the_providers_id_and_is_marked_as_a_test(tmp_path: Path) -> None:
    async with at(Say(answered("0")), tmp_path) as send:
        done = await send(*ME, "--text", "Peonies", "--yes")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Accepted by vonage as 0A0000000123ABCD1")
    [request] = send.there.received
    fields = parse_qs(request.content.decode())
    assert (fields["text"], fields["to"], fields["from"]) == (["[Test] Peonies"], ["447700900123"], ["Fleur"])


async def test_a_refusal_says_what_it_is_what_follows_and_what_to_do(tmp_path: Path) -> None:
    async with at(Say(answered("9")), tmp_path) as send:
        done = await send(*ME, "--yes")
        told = await send(*ME, "--yes", "--json")
    lines = done.out.splitlines()
    assert (done.code, lines[0]) == (1, "quota (200 9): no")
    assert "the connector is held until there is room again" in lines[1]
    assert "balance" in lines[2]
    assert (told.code, told.answer["fault"], told.answer["code"]) == (1, "quota", "200 9")


async def test_a_line_that_breaks_may_have_sent_it(tmp_path: Path) -> None:
    async with at(Reset(), tmp_path) as send:
        done = await send(*ME, "--yes")
    assert done.code == 1
    assert done.out.startswith("ambiguous (connection)")
    assert "It may have gone out" in done.out


def test_every_fault_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Fault)


async def test_where_nobody_can_be_asked_nothing_is_sent_without_a_yes(tmp_path: Path) -> None:
    async with at(Say(answered("0")), tmp_path) as send:
        done = await send(*ME)
    assert (done.code, send.there.received) == (1, [])
    assert "--yes" in done.err


@pytest.mark.parametrize(("answer", "sent"), [(b"n\n", 0), (b"y\n", 1)])
async def test_whoever_can_be_asked_is_asked(tmp_path: Path, answer: bytes, sent: int) -> None:
    async with at(Say(answered("0")), tmp_path) as send:
        ours, theirs = os.openpty()
        try:
            os.write(ours, answer)
            program = [PROGRAM, "connector", "send", *ME]
            done = await asyncio.to_thread(
                subprocess.run,
                program,
                cwd=tmp_path,
                env=os.environ | SECRETS,
                stdin=theirs,
                capture_output=True,
                check=False,
            )
        finally:
            os.close(ours)
            os.close(theirs)
    assert b"It is really sent, and may cost money. Send it?" in done.stderr
    assert (len(send.there.received), done.returncode) == (sent, 1 - sent), done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["vonag", "--to", "+447700900123"], 'tactful.toml has no [connectors.vonag]. Did you mean "vonage"?'),
        (["vonage", "--to", "7"], '"7" is no telephone number.'),
        (["vonage", "--to", "+447700900123", "--channel", "email"], "serves sms, not email"),
        (["mailbox", "--to", "ada@example.com"], "say which with --channel"),
        (["mailbox", "--to", "ada@example.com", "--channel", "email"], "stays in the house"),
    ],
)
async def test_what_cannot_be_sent_is_said_and_nothing_is(tmp_path: Path, words: list[str], said: str) -> None:
    async with at(Say(answered("0")), tmp_path) as send:
        done = await send(*words, "--yes")
    assert (done.code, send.there.received) == (1, [])
    assert said in done.err + done.out


async def test_a_configuration_that_is_wrong_is_named_by_file_and_key(tmp_path: Path) -> None:
    async with at(Say(answered("0")), tmp_path) as send:
        done = await send(*ME, "--yes", SECRET="")
        nowhere = await send(*ME, "--yes", TACTFUL_CONFIG="nowhere.toml")
    assert "connectors.vonage.api_secret: the environment variable SECRET is not set, or empty" in done.err
    assert "nowhere.toml: cannot be read: No such file or directory" in nowhere.err
