"""One connection to an IMAP server, on the standard library's client: whatever goes wrong on it is a fault.

Everything here blocks and belongs into a thread; only `cut` is for others, and ends whatever the thread waits for.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from connectors.email.smtp.faults import Stage, fault_of_failure
from tactful.connector import Fault, Message, SendFault, redacted

T = TypeVar("T")
PORTS: Final = {"none": 143, "starttls": 143, "tls": 993}
_PASSING = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|OVERQUOTA)\]")
_STRANGE = re.compile(r"TLS not supported|unexpected response")
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_NOBODY = Message.model_construct(to="", key=UUID(int=0))


class Step(IntEnum):
    """How far a connection got: what a refusal means depends on it."""

    CONNECT = 1
    LOG_IN = 2
    SELECT = 3
    WORK = 4


class Line:
    """One connection: logged in, one folder open, then closed."""

    def __init__(self, host: str, port: int | None, tls: str, context: ssl.SSLContext, seconds: float) -> None:
        """Prepare to connect; no single wait is longer than `seconds`."""
        self.place = f"{host}:{port or PORTS[tls]}"
        self._host, self._port, self._tls, self._context = host, port or PORTS[tls], tls, context
        self._seconds = seconds
        self._step = Step.CONNECT
        self._socket: socket.socket | None = None
        self._over = False
        self._box: Any = None
        self._secrets: tuple[str, ...] = ()
        self._can: list[str] = []
        self.validity = self.following = self.there = 0

    def during(self, work: Callable[[Line], T]) -> T:
        """Connect, do something, and say goodbye.

        Raises:
            SendFault: It went wrong; with neither a name nor a secret in it.
        """
        failed: SendFault
        try:
            self._connect()
            done = work(self)
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                self._box.logout()
        except SendFault as fault:
            failed = fault
        except Exception as error:  # noqa: BLE001 - a server may answer anything, and the client trips over some of it
            failed = self._fault(error)
        else:
            return done
        if self._box is not None:
            with contextlib.suppress(OSError):
                self._box.shutdown()
        raise failed

    def cut(self) -> None:
        """End the connection at once, from another thread; one that is not there yet ends when it is."""
        self._over = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def log_in(self, username: str, password: str) -> None:
        """Prove who we are: in any letters where the server can, else in ASCII."""
        self._step, self._secrets = Step.LOG_IN, (password, username)
        if "AUTH=PLAIN" in self._box.capabilities:
            proof = f"\0{username}\0{password}".encode()
            self._box.authenticate("PLAIN", lambda _: proof)  # pyright: ignore[reportUnknownLambdaType] - the client's
        elif username.isascii() and password.isascii() and "LOGINDISABLED" not in self._box.capabilities:
            self._box.login(username, password)
        else:
            raise SendFault(Fault.CONFIG, "not offered", f"{self.place}: offers no log-in that we know")
        self._can = _words(self._box.capability()[1]).upper().split()

    def select(self, folder: str, *, readonly: bool) -> None:
        """Open a folder."""
        self._step = Step.SELECT
        kind, said = self._box.select(f'"{folder}"', readonly)
        if kind != "OK":
            raise SendFault(Fault.CONFIG, "folder", self._masked(f"{self.place}: {_words(said)}"))
        self._step = Step.WORK
        self.validity = self._number("UIDVALIDITY")
        self.following = self._number("UIDNEXT")
        self.there = self._number("EXISTS")

    def search(self, criteria: str) -> list[int]:
        """Return the numbers of the mails that meet criteria, in their order."""
        said = self.do("SEARCH", criteria)
        return sorted(int(number) for line in said if isinstance(line, bytes) for number in line.split())

    def first(self, most: int, window: int) -> list[int]:
        """Return the numbers of the first mails in the folder, without those that are marked as deleted.

        Args:
            most: How many.
            window: How many mails are looked at at once.
        """
        found: list[int] = []
        for begin in range(1, self.there + 1, window):
            kind, said = self._box.fetch(f"{begin}:{min(self.there, begin + window - 1)}", "(UID FLAGS)")
            lines = [line for line in self._checked(kind, said) if isinstance(line, bytes)]
            uids = [_UID.search(line) for line in lines if rb"\Deleted" not in line]
            found += sorted(int(uid[1]) for uid in uids if uid)
            if len(found) >= most:
                break
        return found[:most]

    def fetch(self, number: int, most: int) -> tuple[bytes, bytes]:
        """Return what the server says about a mail, and its first bytes; nothing of one that is gone."""
        said = self.do("FETCH", str(number), f"(INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.{most}>)")
        literals = [cast("tuple[bytes, bytes]", part) for part in said if isinstance(part, tuple)]
        about = [*(head for head, _ in literals), *(part for part in said if isinstance(part, bytes))]
        return b" ".join(about), literals[0][1] if literals else b""

    def move(self, mails: str, folder: str) -> None:
        """Move mails to a folder, which is made where it is not there."""
        try:
            self._move(mails, folder)
        except SendFault as fault:
            if "[TRYCREATE]" not in fault.detail.upper():
                raise
            self._checked(*self._box.create(f'"{folder}"'))
            self._move(mails, folder)

    def delete(self, mails: str) -> None:
        """Delete mails, and no others that somebody has marked as deleted."""
        if "UIDPLUS" not in self._can:
            raise SendFault(Fault.CONFIG, "not offered", f'{self.place}: cannot delete single mails; say read = "mark"')
        self.do("STORE", mails, "+FLAGS.SILENT", r"(\Deleted)")
        self.do("EXPUNGE", mails)

    def do(self, command: str, *arguments: str) -> list[Any]:
        """Give a command about mails by their lasting numbers, and return the answer."""
        return self._checked(*self._box.uid(command, *arguments))

    def _move(self, mails: str, folder: str) -> None:
        if "MOVE" in self._can:
            self.do("MOVE", mails, f'"{folder}"')
            return
        self.do("COPY", mails, f'"{folder}"')
        self.delete(mails)

    def _connect(self) -> None:
        # The client connects and reads the greeting while it is made: it is told where to leave its socket before that.
        kind = imaplib.IMAP4_SSL if self._tls == "tls" else imaplib.IMAP4
        more = {"ssl_context": self._context} if self._tls == "tls" else {}
        self._box = _leaving_its_socket(kind, self._opened)(self._host, self._port, timeout=self._seconds, **more)
        if self._tls == "starttls":
            self._box.starttls(self._context)
            self._socket = self._box.sock

    def _opened(self, opened: socket.socket) -> None:
        self._socket = opened
        if self._over:
            self.cut()

    def _number(self, name: str) -> int:
        said = self._box.untagged_responses.get(name, [b"0"])[-1]
        return int(said) if said.isdigit() else 0

    def _checked(self, kind: str, said: list[Any]) -> list[Any]:
        if kind == "OK":
            return said
        raise SendFault(Fault.TRANSIENT, "refused", self._masked(_words(said)))

    def _fault(self, error: Exception) -> SendFault:
        """Return what a failure means; the error itself, which may name names, does not go with it."""
        said = self._masked(f"{self.place}: {error}")
        if self._step is Step.CONNECT and isinstance(error, imaplib.IMAP4.error) and _STRANGE.search(said):
            return SendFault(Fault.CONFIG, "not offered", said)  # the client's own words for what it cannot go on with
        if isinstance(error, imaplib.IMAP4.abort | EOFError):
            return SendFault(Fault.TRANSIENT, "lost", f"{self.place}: the connection was lost")
        if isinstance(error, OSError):
            stage = Stage.CONNECT if self._step is Step.CONNECT else Stage.RECIPIENT
            fault, code, detail = fault_of_failure(stage, error)
            return SendFault(fault, code, self._masked(f"{self.place}: {detail}"))
        if not isinstance(error, imaplib.IMAP4.error):
            return SendFault(Fault.TRANSIENT, "unexpected", f"{self.place}: {type(error).__name__}")
        if _PASSING.search(said) or " BYE" in said or self._step is Step.WORK:
            return SendFault(Fault.TRANSIENT, "refused", said)
        code = {Step.CONNECT: "no IMAP", Step.LOG_IN: "login", Step.SELECT: "folder"}[self._step]
        return SendFault(Fault.CONFIG, code, said)

    def _masked(self, said: str) -> str:
        return redacted(said, _NOBODY, *self._secrets)


def _leaving_its_socket(kind: type[Any], opened: Callable[[socket.socket], None]) -> type[Any]:
    """Return the client of the standard library with one thing more: it says which socket it has opened."""

    class Box(kind):
        def open(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - the client's own
            super().open(*arguments, **named)  # pyright: ignore[reportUnknownMemberType] - a type that is not known yet
            opened(self.sock)

    return Box


def _words(said: list[Any]) -> str:
    return " ".join(part.decode("utf-8", "replace") for part in said if isinstance(part, bytes))
