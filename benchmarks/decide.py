"""How many verdicts a second: plain, and for a customer with a long past and many contacts waiting.

Run it with `python -m benchmarks.decide`. Budgets: docs/benchmarks.md. Each figure is the best of many short rounds
of whole decisions, trace included, each at another instant, in CPU time of one core: the machine may be busy with more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from time import process_time

from tactful.decide import decide
from tactful.facts import PastContact, Situation
from tactful.strategy.model import Communication, Route, Span
from tactful.verdict import Verdict
from tactful.words import Purpose
from tests.unit import given

ROUNDS = 60
PLAIN_BUDGET = 10_000
BUSY_BUDGET = 5_000
PAST = 5_000
PLANNED = 50
MARKETING_IS_ONE_IN = 40


@dataclass(frozen=True)
class Figure:
    """One measured figure: decisions a second, against the budget if there is one."""

    name: str
    per_second: float
    budget: int | None
    verdict: str


def measure() -> Iterator[Figure]:
    """Yield the figures, plain first."""
    yield _figure("plain", given.situation(past=tuple(_past(1, days=3))), PLAIN_BUDGET)
    yield _figure("several channels", given.situation(), None, by=given.by(given.PUSH, (given.LETTER, given.EMAIL)))
    past = tuple(_past(PAST, days=3_650))
    later = given.situation(past=past, rivals=tuple(_rivals(timedelta(days=8))))
    yield _figure(f"{PAST} past in ten years, {PLANNED} planned", later, BUSY_BUDGET)
    ahead = given.situation(past=past, rivals=tuple(_rivals(timedelta(days=6.9), every=timedelta(hours=3))))
    yield _figure("the same, all of them in the week ahead", ahead, BUSY_BUDGET)
    rivalled = given.situation(past=past, rivals=tuple(_rivals(timedelta(0))))
    yield _figure("the same, outranked by all of them", rivalled, BUSY_BUDGET)
    crowded = given.situation(past=tuple(_past(PAST, days=365)), rivals=tuple(_rivals(timedelta(0))))
    yield _figure("the same, and all the past in one year", crowded, None)


def _figure(name: str, situation: Situation, budget: int | None, by: tuple[Route, ...] | None = None) -> Figure:
    said = given.communication(by=by or given.by(given.EMAIL))
    once = _decision(situation, said)
    return Figure(name, max(_rate(once) for _ in range(ROUNDS)), budget, type(once()).__name__.lower())


def _decision(situation: Situation, said: Communication) -> Callable[[], Verdict]:
    step = given.step(said)
    published = given.strategy(step, rules=given.RULES.model_copy(update={"look_ahead": Span(days=7)}))
    instants = (given.NOON + timedelta(microseconds=number) for number in count())
    return lambda: decide(situation, communication=said, step=step, published=published, now=next(instants))


def _rate(once: Callable[[], object], seconds: float = 0.03) -> float:
    done, began = 0, process_time()
    while (spent := process_time() - began) < seconds:
        for _ in range(10):
            once()
        done += 10
    return done / spent


def _past(many: int, days: int) -> Iterator[PastContact]:
    """Yield contacts evenly over the days until now; all but a few of the last year's are about orders."""
    for number in range(many):
        made_at = given.NOON - timedelta(days=days) * (number + 1) / many
        marketing = (number + 1) % MARKETING_IS_ONE_IN == 0 or many == 1
        purpose, topic = (Purpose.MARKETING, "ideas") if marketing else (Purpose.SERVICE, "orders")
        yield given.made(made_at, 10_000 + number, purpose=purpose, topic=topic)


def _rivals(ahead: timedelta, every: timedelta = timedelta(minutes=1)) -> Iterator[given.Rival]:
    """Yield contacts of a higher rank on all channels, the last due so far ahead and the others before it."""
    for number in range(PLANNED):
        channel = (given.EMAIL, given.SMS, given.PUSH, given.LETTER)[number % 4]
        due_at = given.NOON + ahead - number * every
        yield given.rival(20_000 + number, channels=(channel,), due_at=due_at)


def main() -> int:
    """Print the figures; return 1 if one is below its budget."""
    missed = 0
    for figure in measure():
        against = f"budget {figure.budget:,}" if figure.budget else ""
        print(f"{figure.name:<44} {figure.per_second:>9,.0f} decisions/s  {figure.verdict:<6} {against}")
        missed += figure.budget is not None and figure.per_second < figure.budget
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
