"""Refusals: why something was not let in, gathered so that a sender learns of every mistake at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

from tactful.errors import TactfulError
from tactful.strategy.spelling import did_you_mean, listed, quoted
from tactful.wire.answers import Refusal

P = ParamSpec("P")
T = TypeVar("T")


class RefusedError(TactfulError):
    """Something was not let in; `refusals` has every reason, in the order of the body."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("; ".join(refusal.message for refusal in self.refusals))


def refusal(
    code: str, message: str, *, field: str | None = None, expected: str | None = None, hint: str | None = None
) -> RefusedError:
    """Return the error that refuses for one reason."""
    return RefusedError([Refusal(code=code, message=message, field=field, expected=expected, hint=hint)])


def unknown(kind: str, name: str, known: Iterable[str], *, field: str, empty: str | None = None) -> RefusedError:
    """Return the refusal of a name that is not declared, with the names that are.

    Args:
        kind: What it names, in words: `event`, `field of order.placed`.
        name: The name as it was sent.
        known: The names there are.
        field: Where it stood.
        empty: What to say where there are no names at all.
    """
    names = sorted(known)
    expected = f"one of {listed(names, most=30)}" if names else empty
    message = f"There is no {kind} called {quoted(name)}."
    code = f"unknown_{kind.partition(' ')[0]}"
    return refusal(code, message, field=field, expected=expected, hint=did_you_mean(name, names))


class Gathering:
    """Collects refusals while the rest of a body is read."""

    def __init__(self) -> None:
        self._refusals: list[Refusal] = []

    def take(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return what `read` returns, or None when it refuses, which is kept."""
        try:
            return read(*args, **kwargs)
        except RefusedError as refused:
            self._refusals += refused.refusals
            return None

    def settle(self) -> None:
        """Refuse if anything was refused.

        Raises:
            RefusedError: With everything that was gathered.
        """
        if self._refusals:
            raise RefusedError(self._refusals)
