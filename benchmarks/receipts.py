"""Receipts as they come in a bad hour: each twice, in any order, some of them forged, through the real door.

Twilio's own SDK signs them, as Twilio does; each is a request of its own over a socket, stored in PostgreSQL before it
is answered.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import httpx
import sqlalchemy as sa
from pydantic import SecretStr
from twilio.request_validator import RequestValidator  # pyright: ignore[reportMissingTypeStubs]

from benchmarks import batch
from benchmarks.ledger import accepted, planned
from database import claims, records
from database.engine import Database
from database.freezing import Sending
from service.logs import set_up_logs
from service.reloading import Reloaded
from service.tellers import read_tellers
from tactful.words import Channel
from tests.servers import own_postgres
from tests.virtual import LINKS
from web.app import create_app
from web.config import WebConfig
from web.serve import listen, server_of

RECEIPTS: Final = 10_000
CONTACTS: Final = 2_500
BESIDE: Final = 8
FORGED: Final = 0.01
TOGETHER: Final = 50
STATUSES: Final = ("queued", "sent", "delivered", "read")
ACCOUNT, TOKEN = "AC" + "0" * 32, "a token of nobody's"
PUBLIC: Final = "https://hooks.fleur.example"
SENDING: Final = Sending({Channel.PUSH: ("twilio",)}, {"twilio": None}, LINKS)
CONFIG: Final = f'[connectors.twilio]\naccount_sid = "{ACCOUNT}"\nauth_token = {{ env = "TWILIO" }}\n'


def main(receipts: int = RECEIPTS) -> int:
    """Print how long it takes; return 1 if one was lost, doubled or let in that was forged."""
    set_up_logs("json", "error")
    chance = random.Random(7)  # noqa: S311 - the same order every time
    with own_postgres() as server:
        database = Database(server.database_url, pool_size=BESIDE + 2)
        messages = _sent(database, min(CONTACTS, -(-receipts // len(STATUSES))))
        told = [(sid, status) for sid in messages for status in STATUSES][:receipts]
        genuine = [_request(sid, status, genuine=True) for sid, status in told for _ in range(2)]
        forged = [_request(sid, "delivered", genuine=False) for sid, _ in chance.sample(told, int(len(told) * FORGED))]
        requests = [*genuine, *forged]
        chance.shuffle(requests)
        with _door(database) as url:
            began = time.perf_counter()
            answers = _tell(url, requests)
            seconds = time.perf_counter() - began
        kept = _kept(database)
        database.close()
    well = answers == {200: len(genuine), 403: len(forged)} and kept == (len(told), len(told), len(messages))
    print(f"{len(told):,} receipts, each twice, shuffled, and {len(forged)} forged: {seconds:.1f} s")
    print(f"  {len(requests) / seconds:,.0f} requests a second over {BESIDE} connections, each a transaction")
    print(f"  answered {dict(answers)}; kept {kept[0]:,}, with their contact {kept[1]:,}; {kept[2]:,} messages arrived")
    print("  every one stored once, every forged one refused" if well else "  WRONG")
    print(batch.load())
    return 0 if well else 1


def _sent(database: Database, many: int) -> Sequence[str]:
    """Return the SIDs of messages that were sent."""
    asks = planned(database, many)
    for first in range(0, many, TOGETHER):
        some = asks[first : first + TOGETHER]
        now = datetime.now(UTC)
        claimed = database.run(lambda c: claims.claim_all(c, some, SENDING, now=now))  # noqa: B023 - run now
        made = accepted(some, claimed)
        database.run(lambda c: records.record_all(c, made, now=now))  # noqa: B023 - run now
    named = "UPDATE messages SET provider_id = 'SM' || replace(part_key::text, '-', '') RETURNING provider_id"
    return database.run(lambda c: sorted(c.execute(sa.text(named)).scalars()))


def _request(sid: str, status: str, *, genuine: bool) -> tuple[bytes, str]:
    fields = {"MessageSid": sid, "MessageStatus": status, "To": "+447700900123", "AccountSid": ACCOUNT}
    signer = RequestValidator(TOKEN if genuine else "guessed")
    signature: str = signer.compute_signature(f"{PUBLIC}/hooks/twilio", fields)  # pyright: ignore[reportUnknownMemberType]
    return urlencode(fields).encode(), signature


@contextmanager
def _door(database: Database) -> Generator[str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tactful.toml"
        file.write_text(CONFIG)
        tellers = Reloaded(read_tellers(file, {"TWILIO": TOKEN}))
    config = WebConfig(secret=SecretStr("a secret of the benchmark"), port=0, public_url=PUBLIC)
    listening = listen(config)
    server = server_of(create_app(config, database, lambda: datetime.now(UTC), tellers=tellers))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def _tell(url: str, requests: Sequence[tuple[bytes, str]]) -> Counter[int]:
    def tell(share: Sequence[tuple[bytes, str]]) -> Counter[int]:
        with httpx.Client(base_url=url, timeout=60) as client:
            return Counter(
                client.post(
                    "/hooks/twilio",
                    content=content,
                    headers={"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature},
                ).status_code
                for content, signature in share
            )

    with ThreadPoolExecutor(BESIDE) as threads:
        return sum(threads.map(tell, [requests[n::BESIDE] for n in range(BESIDE)]), Counter[int]())


def _kept(database: Database) -> tuple[int, int, int]:
    counted = (
        "SELECT (SELECT count(*) FROM receipts), (SELECT count(*) FROM receipts WHERE contact_key IS NOT NULL), "
        "(SELECT count(*) FROM messages WHERE receipt IN ('delivered', 'opened'))"
    )
    row = database.run(lambda c: c.execute(sa.text(counted)).one())
    return int(row[0]), int(row[1]), int(row[2])
