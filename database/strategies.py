"""Strategies as immutable numbered versions, published by a transaction and read through a cache.

A version never changes, so what was compiled from it is kept for the life of the process.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import URL, Connection, text

from database.engine import Direct
from tactful.following import watched_events
from tactful.strategy import NotYet, Strategy, not_yet, read_strategy, version_hash
from tactful.strategy.codes import read_codes
from tactful.templates import Templates

MOST_KEPT = 64

ENTER = text("INSERT INTO strategies (strategy, version) VALUES (:strategy, 0) ON CONFLICT DO NOTHING")
LOCK = text("SELECT version FROM strategies WHERE strategy = :strategy FOR UPDATE")
CURRENT = text("SELECT hash FROM strategy_versions WHERE strategy = :strategy AND version = :version")
NEXT = text("SELECT coalesce(max(version), 0) + 1 FROM strategy_versions WHERE strategy = :strategy")
WRITE = text(
    "INSERT INTO strategy_versions (strategy, version, hash, files, published_at, note) "
    "VALUES (:strategy, :version, :hash, CAST(:files AS jsonb), :now, :note)"
)
POINT = text("UPDATE strategies SET version = :version WHERE strategy = :strategy")
PUBLISHED = text("SELECT strategy, version FROM strategies WHERE version > 0 ORDER BY strategy")
PUBLISHED_OF = Direct("SELECT version FROM strategies WHERE strategy = :strategy AND version > 0")
FILES = text("SELECT files, hash FROM strategy_versions WHERE strategy = :strategy AND version = :version")
CODES = text(
    "INSERT INTO offer_codes (strategy, offer, code) "
    "SELECT :strategy, :offer, unnest(CAST(:codes AS text[])) ON CONFLICT DO NOTHING"
)
WATCH = text("INSERT INTO watched_events (name) SELECT unnest(CAST(:names AS text[])) ON CONFLICT DO NOTHING")


@dataclass(frozen=True)
class Loaded:
    """A version ready to work with: the strategy, its compiled templates, what is not executed yet."""

    strategy: Strategy
    version: int
    hash: str
    templates: Templates
    not_yet: tuple[NotYet, ...]
    blocked_steps: frozenset[str]
    blocked_communications: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Published:
    """The outcome of publishing: the number, and whether it was there already."""

    strategy: str
    version: int
    hash: str
    unchanged: bool
    not_yet: tuple[NotYet, ...]


_kept: OrderedDict[tuple[URL, str, int], Loaded] = OrderedDict()
_keeping = threading.Lock()


def publish(conn: Connection, files: Mapping[str, str], *, now: datetime, note: str | None = None) -> Published:
    """Make `files` the published version of its strategy; the same content as now is no new version.

    Raises:
        StrategyErrors: the folder has errors; nothing was published.
    """
    strategy = read_strategy(files)
    hash_ = version_hash(files)
    name = strategy.name
    conn.execute(ENTER, {"strategy": name})
    current: int = conn.execute(LOCK, {"strategy": name}).scalar_one()
    if current and conn.execute(CURRENT, {"strategy": name, "version": current}).scalar_one() == hash_:
        return Published(name, current, hash_, unchanged=True, not_yet=not_yet(strategy))
    version: int = conn.execute(NEXT, {"strategy": name}).scalar_one()
    loaded = _compile(files, version, hash_)
    row = {"strategy": name, "version": version, "hash": hash_, "files": _json(files), "now": now, "note": note}
    conn.execute(WRITE, row)
    conn.execute(POINT, {"strategy": name, "version": version})
    conn.execute(WATCH, {"names": list(watched_events(strategy))})
    for offer, codes in _codes(strategy, files).items():
        conn.execute(CODES, {"strategy": name, "offer": offer, "codes": codes})
    return Published(name, version, hash_, unchanged=False, not_yet=loaded.not_yet)


def published(conn: Connection) -> tuple[Loaded, ...]:
    """Return the published version of every strategy, by name."""
    return tuple(load(conn, row.strategy, row.version) for row in conn.execute(PUBLISHED))


def published_of(conn: Connection, strategy: str) -> Loaded | None:
    """Return the published version of one strategy; None where it has none."""
    row = PUBLISHED_OF.row(conn, strategy=strategy)
    return load(conn, strategy, row["version"]) if row else None


def load(conn: Connection, strategy: str, version: int) -> Loaded:
    """Return one version, compiled; from the cache where this process has seen it."""
    key = (conn.engine.url, strategy, version)
    with _keeping:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    row = conn.execute(FILES, {"strategy": strategy, "version": version}).one()
    loaded = _compile(row.files, version, row.hash)
    with _keeping:
        _kept[key] = loaded
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return loaded


def _compile(files: Mapping[str, str], version: int, hash_: str) -> Loaded:
    strategy = read_strategy(files)
    waiting = not_yet(strategy)
    return Loaded(
        strategy=strategy,
        version=version,
        hash=hash_,
        templates=Templates.compile(strategy, files),
        not_yet=waiting,
        blocked_steps=frozenset(n.step for n in waiting if n.blocks == "step" and n.step),
        blocked_communications=frozenset(
            (n.step, n.communication) for n in waiting if n.blocks == "communication" and n.step and n.communication
        ),
    )


def _codes(strategy: Strategy, files: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the codes of every offer that gives out one each, in file order."""
    return {
        offer.name: list(read_codes(offer.codes, files.get(offer.codes, "")).codes)
        for offer in strategy.offers.values()
        if offer.codes is not None
    }


def _json(files: Mapping[str, str]) -> str:
    return json.dumps(dict(sorted(files.items())), ensure_ascii=False)
