"""What every page and endpoint works with, and the way to the database: one transaction, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Request
from sqlalchemy import Connection

from database import strategies
from database.engine import Database
from service.reloading import Reloaded
from service.tellers import Tellers
from tactful.doors import Vocabulary
from tactful.wire.answers import PartOfHealth
from web.config import WebConfig
from web.refused_hooks import RefusedHooks

T = TypeVar("T")
HealthCheck = Callable[[], Awaitable[PartOfHealth]]


@dataclass(frozen=True)
class House:
    """What the doors open on.

    Attributes:
        config: How the doors are set up.
        database: Where everything is kept.
        clock: The current instant, in UTC; virtual in tests.
        checks: Further parts whose health is told, by name: Temporal, the workers.
        tellers: The connectors whose providers tell us something.
        refused_hooks: What is said of those that were refused.
    """

    config: WebConfig
    database: Database
    clock: Callable[[], datetime]
    checks: Mapping[str, HealthCheck] = field(default_factory=dict[str, HealthCheck])
    tellers: Reloaded[Tellers] = field(default_factory=lambda: Reloaded(Tellers()))
    refused_hooks: RefusedHooks = field(default_factory=RefusedHooks)

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returns, done in one transaction on another thread."""
        return await asyncio.to_thread(self.database.run, work)


def house_of(request: Request) -> House:
    """Return the house a request came to."""
    return cast("House", request.app.state.house)


InHouse = Annotated[House, Depends(house_of)]


def vocabulary(conn: Connection) -> Vocabulary:
    """Return every name that is published now."""
    return Vocabulary.of(loaded.strategy for loaded in strategies.published(conn))
