"""How the installation is doing: the tables, the outbox, the published strategies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from database import holds, migrate, outbox, polls, sweep
from database.errors import SchemaError
from database.outbox import Backlog
from database.polls import Stands
from database.strategies import Loaded, published
from database.sweep import Swept
from tactful.wire.answers import StrategyAnswer

VERSIONS = text(
    "SELECT s.strategy, v.published_at, v.note FROM strategies s JOIN strategy_versions v "
    "ON v.strategy = s.strategy AND v.version = s.version"
)
NAMES = text("SELECT strategy, version FROM strategies WHERE version > 0 ORDER BY strategy")


@dataclass(frozen=True)
class Doing:
    """What a look at the database found.

    Attributes:
        wrong: What is wrong with the tables, if anything.
        held: The connectors on hold: name, why, and whether a person did it.
        asked: How asking providers for news stands.
    """

    wrong: str | None
    backlog: Backlog | None = None
    strategies: tuple[tuple[str, int], ...] = ()
    swept: Swept | None = None
    held: tuple[tuple[str, str, bool], ...] = ()
    asked: tuple[Stands, ...] = ()


def health(conn: Connection) -> Doing:
    """Look at the tables, the outbox and what is published; cheap enough to be asked every second."""
    try:
        migrate.check(conn)
    except SchemaError as error:
        return Doing(str(error))
    named = tuple((row.strategy, row.version) for row in conn.execute(NAMES))
    return Doing(None, outbox.backlog(conn), named, sweep.last(conn), holds.now_held(conn), polls.stand(conn))


def published_strategies(conn: Connection) -> list[StrategyAnswer]:
    """Return the published version of every strategy, with what it declares and what waits for a later Tactful."""
    told: Mapping[str, tuple[datetime, str | None]] = {
        row.strategy: (row.published_at, row.note) for row in conn.execute(VERSIONS)
    }
    return [_answer(loaded, *told[loaded.strategy.name]) for loaded in published(conn)]


def _answer(loaded: Loaded, published_at: datetime, note: str | None) -> StrategyAnswer:
    strategy = loaded.strategy
    return StrategyAnswer(
        strategy=strategy.name,
        version=loaded.version,
        hash=loaded.hash,
        published_at=published_at,
        note=note,
        vision=strategy.vision,
        time_zone=strategy.time_zone,
        steps={step.name: [c.name for c in step.communications] for step in strategy.steps.values()},
        events={event: dict(fields) for event, fields in strategy.events.items()},
        properties={name: declared.type for name, declared in strategy.customer.items()},
        topics={name: topic.says for name, topic in strategy.topics.items()},
        waits_for_later=[str(waiting) for waiting in loaded.not_yet],
    )
