"""A token that a provider wants with every request, kept until shortly before it ends.

Getting one sends nothing to anybody, so this is tried again at once where it fails; everything else is tried again by
the ledger alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Token:
    """A token and how long it is good for, from the instant it was asked for."""

    value: SecretStr
    good_for: timedelta


Getting = Callable[[datetime], Awaitable[Token]]


class TokenKeeper:
    """Keeps one token for all requests of a connector; several that need a new one at once wait for the same."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._kept: tuple[Token, datetime] | None = None

    async def token(self, at: datetime, get: Getting) -> SecretStr:
        """Return the kept token, or a new one where none is kept or nine tenths of its time are over."""
        async with self._lock:
            if self._kept is None or at >= self._kept[1]:
                token = await get(at)
                self._kept = token, at + token.good_for * 0.9
            return self._kept[0].value

    def drop(self, value: SecretStr) -> None:
        """Forget a token that the provider does not take any more, unless it was replaced meanwhile."""
        if self._kept is not None and self._kept[0].value == value:
            self._kept = None
