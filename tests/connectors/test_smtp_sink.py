"""The sink that other tests rely on: a process of its own, whose word outlives it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from tests.connectors.conftest import email_message
from tests.connectors.test_smtp import MakeSmtp, accepted, fault
from tests.smtp_sink import HOST, read_sink


def start_sink(log: Path) -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, "-m", "tests.smtp_sink", "--log", str(log)]
    sink = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert sink.stdout
    return sink, int(sink.stdout.readline().removeprefix(f"taking mail on {HOST}:"))


async def test_what_the_sink_said_it_took_outlives_it(smtp: MakeSmtp, tmp_path: Path) -> None:
    log = tmp_path / "mails.jsonl"
    sink, port = start_sink(log)
    connector = smtp(port)
    messages = [email_message(key=uuid4(), subject=f"Grüße {n}") for n in range(5)]
    with sink:
        for message in messages:
            await accepted(connector, message)
        sink.kill()
    assert (await fault(connector)).code == "no connection"
    with log.open("a") as torn:
        torn.write('{"message_id": "<torn')
    mails = read_sink(log)
    assert [mail.message_id for mail in mails] == [f"<{message.key}@fleur.example>" for message in messages]
    assert [dict(mail.headers)["Subject"] for mail in mails] == [message.subject for message in messages]
    assert mails[0].parts[1] == ("text/html", "<p>The <b>peonies</b> are in.</p>")


async def test_the_sink_ends_when_told_to(tmp_path: Path) -> None:
    sink, _ = start_sink(tmp_path / "mails.jsonl")
    with sink:
        sink.terminate()
        assert sink.wait(30) == 0
