"""A real IMAP server on a socket: pymap, its mailboxes in memory. Mails are put there and looked at over IMAP, too."""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import ssl
import warnings
from argparse import Namespace
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, DictBackend
from pymap.imap import IMAPServer
from pysasl.hashing import BuiltinHash

from tests.connectors.mail_server import PASSWORD, USERNAME
from tests.smtp_sink import HOST

BOUNCES_SECRET = "a secret for tests that is long enough"


@dataclass(frozen=True)
class MailStore:
    """A running server; its one account is `USERNAME`'s."""

    port: int

    def config(self, **different: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a setting takes
        """Return the settings that reach it."""
        reached = {"host": HOST, "port": self.port, "tls": "none", "username": USERNAME, "password": PASSWORD}
        return {**reached, "secret": BOUNCES_SECRET, **different}

    async def put(self, *mails: bytes, at: datetime, folder: str = "INBOX", flags: str = "") -> None:
        """Put mails into a folder, as a mail server would that took them at an instant."""

        def put(box: imaplib.IMAP4) -> None:
            for mail in mails:
                kind, said = box.append(folder, flags, imaplib.Time2Internaldate(at), mail)
                assert kind == "OK", said

        await self._logged_in(put)

    async def flags(self, folder: str = "INBOX") -> list[str]:
        """Return the flags of the mails in a folder, in their order, each in one line."""

        def look(box: imaplib.IMAP4) -> list[str]:
            kind, said = box.select(f'"{folder}"', readonly=True)
            if kind != "OK":
                return []
            count = int(said[0] or 0)
            if not count:
                return []
            found: Sequence[Any] = box.fetch(f"1:{count}", "(FLAGS)")[1]
            flags = [imaplib.ParseFlags(cast("bytes", line)) for line in found]
            return [" ".join(sorted(flag.decode() for flag in each)) for each in flags]

        return await self._logged_in(look)

    async def do(self, command: str, *arguments: str, folder: str = "INBOX") -> None:
        """Have somebody do something to mails of a folder: `STORE 1 +FLAGS (\\Seen)`."""

        def act(box: imaplib.IMAP4) -> None:
            box.select(f'"{folder}"')
            getattr(box, command)(*arguments)

        await self._logged_in(act)

    async def _logged_in(self, work: Any) -> Any:  # noqa: ANN401 - what it returns
        def within() -> Any:  # noqa: ANN401 - what it returns
            with imaplib.IMAP4(HOST, self.port, timeout=20) as box:
                box.login(USERNAME, PASSWORD)
                return work(box)

        return await asyncio.to_thread(within)


@contextlib.asynccontextmanager
async def mail_store(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[MailStore]:
    """Run a server as long as a block lasts: plain, encrypted after the greeting, or from the first byte."""
    asked = Namespace(
        host=HOST, port=0, debug=False, cert=None, key=None, tls=starttls is not None, passlib_cfg=None,
        proxy_protocol=None, demo_data=False, demo_user=USERNAME, demo_password=PASSWORD,
    )  # fmt: skip
    quick = BuiltinHash(rounds=1)  # of half a million, each log-in would take half a second
    more = {"ssl_context": starttls, "secure_auth": False, "invalid_user_sleep": 0.0, "hash_context": quick}
    backend, config = await DictBackend.init(asked, **more)
    config.apply_context()
    assert isinstance(config, Config)
    taking = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
    server = await asyncio.start_server(taking, HOST, 0, ssl=tls)
    try:
        yield MailStore(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        with warnings.catch_warnings():
            await asyncio.sleep(0)
