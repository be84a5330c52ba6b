"""A mail server that keeps what it took, on disk before it says so: who got what, whatever is killed around it.

    python -m tests.smtp_sink --port 2525 --log mails.jsonl

Every mail becomes one line of JSON. With `--port 0` the system chooses; the first line printed names the port.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import email.policy
import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import TypeAdapter

HOST = "127.0.0.1"


@dataclass(frozen=True)
class SunkMail:
    """One mail as it was received."""

    message_id: str
    envelope_from: str
    envelope_to: list[str]
    headers: list[tuple[str, str]]
    parts: list[tuple[str, str]]
    """Content type and decoded text of each part that is not a container, lines ended by a line feed."""
    received_at: float
    """Seconds since 1970, by the sink's clock."""


_SUNK_MAIL = TypeAdapter(SunkMail)


def sunk_mail(envelope: Envelope) -> SunkMail:
    """Return a received envelope, parsed by the standard library."""
    mail = email.message_from_bytes(envelope.original_content or b"", _class=EmailMessage, policy=email.policy.default)
    parts = [part for part in mail.walk() if not part.is_multipart()]
    return SunkMail(
        message_id=mail["Message-ID"],
        envelope_from=envelope.mail_from or "",
        envelope_to=envelope.rcpt_tos,
        headers=[(name, str(value)) for name, value in mail.items()],
        parts=[(part.get_content_type(), part.get_content().replace("\r\n", "\n")) for part in parts],
        received_at=time.time(),
    )


def read_sink(log: Path) -> list[SunkMail]:
    """Return the mails a sink has taken so far; a line torn by a kill was never acknowledged and is left out."""
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return [_SUNK_MAIL.validate_json(line) for line in lines]


class Sink:
    """Appends each mail to a file."""

    def __init__(self, log: Path) -> None:
        self._file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        mail = sunk_mail(envelope)
        os.write(self._file, json.dumps(asdict(mail)).encode() + b"\n")
        os.fsync(self._file)
        return f"250 2.0.0 Ok: {mail.message_id} is on disk"


async def serve(port: int, log: Path) -> None:
    """Take mail until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    sink = Sink(log)
    server = await loop.create_server(lambda: SMTP(sink, hostname="sink.example", loop=loop), HOST, port)
    sys.stdout.write(f"taking mail on {HOST}:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await stop.wait()
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Take mail and keep it, one JSON line each.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    asked = parser.parse_args()
    asyncio.run(serve(asked.port, asked.log))
