"""A provider that misbehaves by a seed and keeps a book that nobody else can write: the judge's witness.

    python -m tests.soak.provider --port 0 --log provider.jsonl --seed 7

It has three personalities, each a path. `/keyed` sends once per `Idempotency-Key` and answers a repetition with the
first answer, `/plain` knows no keys, `/lookup` can be asked what it made of a reference. Besides, it speaks as three
vendors do (`vendors`); a letter that lies waiting can be stopped (`press`). Each call is one line of its book, on disk
before anything is answered. Other than by the name
that the caller gives a message, which is noted and not acted on, it knows nothing of our keys. What it will tell later
of a delivery it writes beside its book, before it answers. POST `/calm` ends all misdeeds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import email.utils
import hashlib
import json
import os
import signal
import socket
import struct
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from tests.soak.faults import Misdeed, draw
from tests.soak.letters import Letter, Of, letters, of_stopping
from tests.soak.press import Press
from tests.soak.vendors import LOB, PRINTED, Dialect, Said, dialect_of, is_unclear, stopped_answer

HOST = "127.0.0.1"
PAUSE_BETWEEN_DROPS = 0.02
PATIENCE = 60.0


@dataclass(frozen=True)
class Call:
    """One line of the provider's book.

    Attributes:
        at: When the call had been read, in seconds since the epoch.
        personality: How it was spoken to: keyed, plain, lookup, or as a vendor.
        reference: The caller's own name for the message.
        key: The `Idempotency-Key`, if one was sent.
        to: The address.
        text: What was said, as far as the first line.
        body: Hash of the whole body.
        misdeed: What went wrong.
        delivered: Whether the customer gets it by this call.
        answer: What was answered: a status, or what came instead.
        provider_id: The provider's name for the message.
    """

    at: float
    personality: str
    reference: str
    key: str | None
    to: str
    text: str
    body: str
    misdeed: Misdeed
    delivered: bool
    answer: str
    provider_id: str

    @property
    def unclear(self) -> bool:
        """Say whether who called cannot know from the answer whether the message went out."""
        return is_unclear(self.personality, self.misdeed)


_CALL = TypeAdapter(Call)


def letter_box(log: Path) -> Path:
    """Return where the provider puts what it will tell later: beside its book."""
    return log.with_suffix(".letters")


def read_book(log: Path) -> list[Call]:
    """Return the calls noted so far."""
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return [_CALL.validate_json(line) for line in lines]


@dataclass(frozen=True)
class Request:
    """An HTTP request as far as this provider is concerned."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Provider:
    """Takes messages, keeps its book, and answers as the seed has it."""

    def __init__(self, seed: int, log: Path) -> None:
        self._seed = seed
        self._calm = False
        self._book = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._letters = os.open(letter_box(log), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._calls: Counter[tuple[str, str]] = Counter()
        self._by_key: dict[str, str] = {}
        self._by_reference: dict[str, str] = {}
        self._press = Press(seed, log)
        self._on_paper: dict[str, Of] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            while (request := await _read(reader)) is not None:
                if not await self._answer(request, writer):
                    break
        with contextlib.suppress(OSError):
            writer.close()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; return whether the connection goes on."""
        dialect = dialect_of(request.path) if request.method == "POST" else None
        if dialect is not None:
            return await self._take(dialect, request, writer)
        match request.method, request.path.split("/")[1:]:
            case "GET", ["lookup", "messages", reference]:
                found = self._by_reference.get(reference)
                await _say(writer, Said(200 if found else 404, {"id": found}))
            case "DELETE", ["v1", "letters", provider_id]:
                return await self._stop(provider_id, writer)
            case "POST", ["calm"]:
                self._calm = True
                await _say(writer, Said(200, {}))
            case _:
                await _say(writer, Said(404, {}))
        return True

    async def _take(self, dialect: Dialect, request: Request, writer: asyncio.StreamWriter) -> bool:
        said, personality = dialect.heard(request.headers, request.body), dialect.personality
        self._calls[said.to, said.text] += 1
        number = self._calls[said.to, said.text]
        misdeed = Misdeed.NONE if self._calm else draw(self._seed, said.to, said.text, number)
        known = self._by_key.get(said.key) if said.key and dialect.keyed else None
        delivered = misdeed.delivers and known is None
        provider_id = known or dialect.names(hashlib.sha256(f"{said.reference} {number}".encode()).hexdigest())
        if delivered:
            self._by_reference[said.reference] = provider_id
            if said.key:
                self._by_key[said.key] = provider_id
        body = hashlib.sha256(request.body).hexdigest()[:16]
        accepted = dialect.accepts(provider_id)
        answered = dialect.refuses.get(misdeed, accepted)
        answer = str(answered.status) if not misdeed.ambiguous else misdeed.value
        now = time.time()
        key, to, text = said.key, said.to, said.text
        done = (misdeed, delivered, answer, provider_id)
        self._note(Call(now, personality, said.reference, key, to, text, body, *done))
        if delivered:
            of = Of(personality, provider_id, said.reference, to, said.callback)
            self._on_paper[provider_id] = of
            self._tell(letters(self._seed, now, of))
        return await _carry_out(misdeed, answered, writer)

    async def _stop(self, provider_id: str, writer: asyncio.StreamWriter) -> bool:
        """Take a letter out of production, if it is not printed."""
        of = self._on_paper.get(provider_id)
        if of is None:
            await _say(writer, Said(404, {"error": {"message": "letter not found", "status_code": 404}}))
            return True
        line, just_now = self._press.stop(provider_id, calm=self._calm)
        if just_now:
            self._tell(of_stopping(self._seed, line.at, of))
        answer = stopped_answer(provider_id) if line.stopped else PRINTED
        if line.misdeed not in {Misdeed.REFUSED, Misdeed.GONE}:
            answer = LOB.refuses.get(line.misdeed, answer)
        return await _carry_out(line.misdeed, answer, writer)

    def _tell(self, told: list[Letter]) -> None:
        os.write(self._letters, b"".join(json.dumps(asdict(letter)).encode() + b"\n" for letter in told))

    def _note(self, call: Call) -> None:
        os.write(self._book, json.dumps(asdict(call)).encode() + b"\n")
        os.fsync(self._book)


async def _carry_out(misdeed: Misdeed, said: Said, writer: asyncio.StreamWriter) -> bool:
    """Answer as the misdeed has it; return whether the connection goes on."""
    match misdeed:
        case Misdeed.SLOW_DRIP:
            answer = _response(said)
            for start in range(0, len(answer), 16):
                writer.write(answer[start : start + 16])
                await writer.drain()
                await asyncio.sleep(PAUSE_BETWEEN_DROPS)
        case Misdeed.TRUNCATED:
            writer.write(_response(said)[:-5])
            await writer.drain()
            return False
        case Misdeed.RESET_AFTER_BODY | Misdeed.RESET_BEFORE_BODY:
            _reset(writer)
            return False
        case Misdeed.TIMEOUT_AFTER_ACCEPT | Misdeed.TIMEOUT_UNHEARD:
            await asyncio.sleep(PATIENCE)
            return False
        case Misdeed.THROTTLED_SECONDS:
            await _say(writer, replace(said, headers={"Retry-After": "1"}))
        case Misdeed.THROTTLED_DATE:
            then = email.utils.formatdate(time.time() + 2, usegmt=True)
            await _say(writer, replace(said, headers={"Retry-After": then}))
        case _:
            await _say(writer, said)
    return True


def _reset(writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _say(writer: asyncio.StreamWriter, said: Said) -> None:
    writer.write(_response(said))
    await writer.drain()


def _response(said: Said) -> bytes:
    body = b"" if said.content is None else json.dumps(said.content).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **said.headers}
    lines = [f"HTTP/1.1 {said.status} X", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """Return the next request; None where the caller has gone."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


async def run(port: int, log: Path, seed: int) -> None:
    """Take messages until told to stop."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    server = await asyncio.start_server(Provider(seed, log).serve, HOST, port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await stop.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Take messages, misbehave by a seed, and keep a book of it.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    asyncio.run(run(asked.port, asked.log, asked.seed))
