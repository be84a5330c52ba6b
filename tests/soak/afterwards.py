"""What came after the sends, compared: what vendors told against what is kept, and letters that were to be stopped.

Shares no rule with the house: it counts and compares, as `judge` does, which calls it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.soak.letters import Letter
from tests.soak.life import Deed
from tests.soak.press import PRINTS, Stop, is_stoppable
from tests.soak.provider import Call
from tests.soak.rig import Rig
from tests.soak.telling import FORGED

_KEPT = (
    "SELECT connector, provider_id, kind, count(*) AS times, bool_or(contact_key IS NOT NULL) AS given FROM receipts "
    "GROUP BY connector, provider_id, kind"
)
_HANDED = (
    "SELECT m.provider_id, m.part_key::text AS part FROM messages m WHERE m.channel = 'letter' "
    "AND m.provider_id IS NOT NULL"
)


@dataclass(frozen=True)
class Told:
    """What was told of what was delivered, as whoever told it knows.

    Attributes:
        letters: Every copy that the house has acknowledged.
        turned_away: What is genuine and was refused for good.
        believed: What is forged and was answered as if it were genuine.
    """

    letters: Sequence[Letter]
    turned_away: Sequence[str] = ()
    believed: Sequence[str] = ()


@dataclass(frozen=True)
class Kept:
    """What the house keeps of it, by who told, of what, what: how often, and whether with a contact."""

    times: Mapping[tuple[str, str, str], int]
    given: frozenset[tuple[str, str, str]]

    @classmethod
    def read(cls, rig: Rig) -> Kept:
        """Read it once."""
        rows = {(row["connector"], row["provider_id"], row["kind"]): row for row in rig.rows(_KEPT)}
        given = frozenset(place for place, row in rows.items() if row["given"])
        return cls({place: int(row["times"]) for place, row in rows.items()}, given)


@dataclass
class Compared:
    """What came out: sentences for the zeros."""

    unkept: list[str] = field(default_factory=list[str])
    forged: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    untrue: list[str] = field(default_factory=list[str])


def compare(told: Told, kept: Kept, state_of: Mapping[str, str]) -> Compared:
    """Compare what was told, and acknowledged, with what is kept; of parts the state of their contact is given."""
    found = Compared(unkept=[f"{each}, and it is genuine" for each in told.turned_away], forged=list(told.believed))
    for letter in {each.letter_id: each for each in told.letters}.values():
        times = kept.times.get(letter.place, 0)
        if not times:
            found.unkept.append(f"{letter.letter_id}: told, acknowledged and not kept")
        elif times > 1:
            found.doubled.append(f"{letter.letter_id}: kept {times} times")
        if letter.of_a_stranger:
            given = letter.place in kept.given
            found.untrue += [f"{letter.letter_id}: of nobody, and given to somebody"] if given else []
        elif letter.of.reference is not None and times:
            state = state_of.get(letter.of.reference)
            if state is None or letter.place not in kept.given:
                found.unkept.append(f"{letter.letter_id}: kept, and not with its contact")
            elif state != "sent" and letter.kind != "cancelled" and letter.of.personality != PRINTS:
                found.untrue.append(f"{letter.of.reference}: {letter.kind}, told by its provider, is {state}")
    found.forged += [f"{provider_id}: kept" for _, provider_id, _ in kept.times if str(provider_id).startswith(FORGED)]
    return found


def unstopped(
    seed: int, deed: Deed, handed: Iterable[Call], stops: Mapping[str, Sequence[Stop]], names: Mapping[str, str]
) -> Iterator[str]:
    """Yield letters that lie at the printer's and that nobody asked to stop, though they are not wanted any more.

    Args:
        seed: The run's.
        deed: By which they are not wanted any more.
        handed: The letters that it stops.
        stops: What the printer was asked to stop, by its name for a letter.
        names: The printer's names for letters that the house knows, by our own.
    """
    for call in handed:
        lies = is_stoppable(seed, call.personality, call.provider_id)
        if lies and call.reference in names and call.provider_id not in stops:
            yield f"{deed.person.name} {call.text}: lies at the printer's, and nobody asked to stop it: {deed.change}"


def by_letter(stops: Iterable[Stop]) -> dict[str, list[Stop]]:
    """Return what the provider was asked to stop, by its name for a letter."""
    found: dict[str, list[Stop]] = defaultdict(list)
    for stop in stops:
        found[stop.provider_id].append(stop)
    return found


def how_stopping_ended(stops: Mapping[str, Sequence[Stop]]) -> Counter[str]:
    """Return how many letters were stopped, how many too late, and how often an answer said neither."""
    ended: Counter[str] = Counter()
    for asked in stops.values():
        ended["stopped" if asked[-1].stopped else "too late"] += 1
        ended["answers that said neither"] += sum(each.answer not in {"200", "422"} for each in asked)
    return ended


def handed_names(rig: Rig) -> dict[str, str]:
    """Return the provider's names for letters, by our own."""
    return {row["part"]: row["provider_id"] for row in rig.rows(_HANDED)}
