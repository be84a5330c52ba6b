"""What the author of a connector gives the kit: good input, and what the provider is known to answer.

Everything here is data about a provider, taken from its documentation. The kit makes the bad input itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Literal

from tactful.conformance.provider import Received
from tactful.connector import Fault, Hook, Message
from tactful.connector.http import Answer
from tactful.words import ReceiptKind

OracleKind = Literal["description", "sdk", "emulator", "vector", "server"]
Signed = Literal["body", "url and body", "secret only"]


@dataclass(frozen=True, slots=True)
class Oracle:
    """Something nobody here wrote that says whether the connector is right.

    Attributes:
        kind: The provider's *description* of its API, its own *sdk*, an *emulator*, a published *vector*, or a real
            *server* of the protocol.
        what: Which, with its version, and the test that asks it.
    """

    kind: OracleKind
    what: str


@dataclass(frozen=True, slots=True)
class Description:
    """A provider's own description of its requests, as a check.

    Attributes:
        problems: Return what is wrong with a request by it; nothing for a good one.
        canary: Return a good request made bad in one point that `problems` must name: a schema that fails to load
            finds nothing in anything.
    """

    problems: Callable[[Received], Iterable[str]]
    canary: Callable[[Received], Received]


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCase:
    """One hook as the provider would send it.

    Attributes:
        hook: Genuine at its `at`.
        kinds: What it tells, in order; a customer's message to us counts as `REPLIED`.
        signed: What its signature covers; *secret only* where the provider signs nothing.
        dated: Whether the signature covers a time, so that an old one is refused.
        signing: The headers that the signature needs.
        source: Where it comes from: the page or the file, with its version.
    """

    hook: Hook
    kinds: tuple[ReceiptKind, ...]
    signed: Signed = "body"
    dated: bool = True
    signing: tuple[str, ...] = ()
    source: str


Server = Callable[[], AbstractAsyncContextManager[Mapping[str, Any]]]
"""Starts a real server of a protocol and gives the configuration that reaches it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollCase:
    """A provider that has something for us, to be fetched.

    Attributes:
        kinds: What it has, in any order; a customer's message to us counts as `REPLIED`.
        full: What it answers when it is first asked.
        empty: What it answers when it has nothing new.
        server: For connectors that do not speak HTTP: a real server that has all this.
        failures: For those too: by name, a server that fails so when it is asked, and the fault that it must be.
        source: Where what it has comes from: the page or the file, with its version.
    """

    kinds: tuple[ReceiptKind, ...]
    full: Answer = field(default_factory=lambda: Answer(200))
    empty: Answer = field(default_factory=lambda: Answer(200))
    server: Server | None = None
    failures: Mapping[str, tuple[Server, Fault]] = field(default_factory=dict[str, tuple[Server, Fault]])
    source: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """A connector's case.

    Attributes:
        use: What it is called in `tactful.toml`.
        config: A good configuration without `base_url`; secrets as plain text, each at least eight characters.
        messages: Good messages; together they use every feature that the connector declares.
        accepted: What the provider answers when it takes one.
        provider_id: The id in that answer.
        refusals: What it is documented to answer when it does not, each with the fault it is.
        saying: Return a refusal in which the provider says these words: to see that they are masked.
        replayed: What it answers to a key it has seen, where it takes keys; `accepted` where not said.
        found: What it answers to a look-up of a message it has, and of one it never got.
        not_there: As above.
        cancelled: What it answers when it stops a message, and when that is too late.
        too_late: As above.
        hooks: What it tells later; at least one of a kind that it may invent tomorrow (`UNKNOWN`).
        polls: What it has to be asked for; among it, too, something of a kind that it may invent tomorrow.
        description: Its description of a request.
        oracles: What stands behind the connector besides the kit.
        opaque: The body is encrypted: the kit does not look for texts in it.
        names_key: Whether our key stands in the request, readably.
        varying: Headers that may differ between two attempts with one message: signatures that hold a time.
        token: What the provider answers where the connector asks for a token: by the path it asks.
        server: For connectors that do not speak HTTP: starts a real server, gives the configuration that reaches it.
        failures: For those too: by name, a server that fails so, and the fault that it must be.
    """

    use: str
    config: Mapping[str, Any]
    messages: tuple[Message, ...]
    oracles: tuple[Oracle, ...]
    accepted: Answer = field(default_factory=lambda: Answer(200))
    provider_id: str = ""
    refusals: tuple[tuple[Answer, Fault], ...] = ()
    saying: Callable[[str], Answer] | None = None
    replayed: Answer | None = None
    found: Answer | None = None
    not_there: Answer | None = None
    cancelled: Answer | None = None
    too_late: Answer | None = None
    hooks: tuple[HookCase, ...] = ()
    polls: PollCase | None = None
    description: Description | None = None
    opaque: bool = False
    names_key: bool = True
    varying: frozenset[str] = frozenset({"authorization"})
    token: Mapping[str, Answer] = field(default_factory=dict[str, Answer])
    server: Server | None = None
    failures: Mapping[str, tuple[Server, Fault]] = field(default_factory=dict[str, tuple[Server, Fault]])
