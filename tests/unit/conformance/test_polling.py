"""The kit knows a connector that fetches as it must from one that would lose or double what a provider has for us."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tactful.conformance import Certificate, certify
from tactful.conformance.groups.hooks import kind_of
from tactful.connector import Asking, Fetched, Told
from tactful.connector.http import Answer, Request, UnreadableError
from tests.unit.conformance.asked import CASE, Asked

COUNT = itertools.count()


async def polling(use: str) -> Certificate:
    return await certify(replace(CASE, use=f"tests.unit.conformance.{use}"), groups=["polling"])


async def test_a_connector_that_fetches_as_it_must_is_certified() -> None:
    certificate = await certify(CASE)
    assert [f"{one.group}: {one.name}: {one.why}" for one in certificate.failed] == []
    assert len([one for one in certificate.checks if one.group == "polling"]) > 20


class CursorOnly(Asked):
    def build_acknowledge(self, taken: Sequence[str]) -> Request | None:
        del taken
        return None


async def test_a_cursor_alone_is_enough() -> None:
    assert [str(one) for one in (await polling("test_polling:CursorOnly")).failed] == []


class NoCursor(Asked):
    def parse_poll(self, asking: Asking, answer: Answer) -> Fetched:
        return replace(super().parse_poll(asking, answer), cursor=None)


async def test_an_acknowledgement_alone_is_enough() -> None:
    assert [str(one) for one in (await polling("test_polling:NoCursor")).failed] == []


class TakesAtOnce(Asked):
    """Tells the provider that we have it before we do."""

    async def poll(self, asking: Asking, *, deadline: float) -> Fetched:
        fetched = await super().poll(asking, deadline=deadline)
        await self.acknowledge(fetched.taken, deadline=time.monotonic() + 5)
        return fetched


class NewIdsEachTime(Asked):
    def told(self, said: dict[str, Any]) -> Told:
        return replace(super().told(said), dedupe_id=f"t-{next(COUNT)}")


class ForgetsToAcknowledge(CursorOnly):
    def parse_poll(self, asking: Asking, answer: Answer) -> Fetched:
        return replace(super().parse_poll(asking, answer), cursor="0")


class DropsWhatIsNew(Asked):
    def parse_poll(self, asking: Asking, answer: Answer) -> Fetched:
        fetched = super().parse_poll(asking, answer)
        return replace(fetched, news=[one for one in fetched.news if kind_of(one) != "unknown"])


class TakesNonsenseForNothing(Asked):
    def parse_poll(self, asking: Asking, answer: Answer) -> Fetched:
        try:
            return super().parse_poll(asking, answer)
        except UnreadableError:
            return Fetched()


class Crashes(Asked):
    def parse_poll(self, asking: Asking, answer: Answer) -> Fetched:
        if answer.content.startswith(b"<"):
            raise ZeroDivisionError
        return super().parse_poll(asking, answer)


@pytest.mark.parametrize(
    ("broken", "name"),
    [
        ("TakesAtOnce", "what is not stored is told again"),
        ("NewIdsEachTime", "what is not stored is told again"),
        ("ForgetsToAcknowledge", "is told no more"),
        ("DropsWhatIsNew", "it tells bounced, delivered, unknown"),
        ("TakesNonsenseForNothing", "HTML: nothing is fetched"),
        ("Crashes", "HTML: nothing is fetched"),
    ],
)
async def test_one_that_does_not_is_not(broken: str, name: str) -> None:
    found = await polling(f"test_polling:{broken}")
    assert [one for one in found.failed if name in one.name]
