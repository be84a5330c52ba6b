"""Whether the journey still wants a contact: it is open, its anchor stands, nothing has overtaken it, it is due.

These rules hold for every contact, mandatory ones too: a journey that is over says nothing more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tactful.conditions import holds, is_known
from tactful.facts import Contact, Customer, Journey, Restart
from tactful.strategy.model import Communication, Step, Topic
from tactful.timing import shifted
from tactful.verdict import Line
from tactful.words import JourneyState, Purpose, Reason, Shape

JOURNEY = "journey"
ANCHOR = "anchor"
MILESTONE = "milestone"
OVERTAKEN = "overtaken"
DUE = "due"
LOOK_AFTER_PAUSE = timedelta(days=1)
"""How long until a paused journey is looked at again."""
_NO_JOURNEY, _ANCHORED, _NEEDED, _DUE = Line(JOURNEY), Line(ANCHOR), Line(MILESTONE), Line(DUE)
_IN_TURN = Line(OVERTAKEN)


def journey_open(journey: Journey | None, now: datetime, restart: Restart | None = None) -> Line:
    """Say whether the journey is open: no goal, no end, not paused, its time not up.

    A contact asked for by another system has no journey and passes. One that is taken up again finds its journey at the
    end of what it had to say, which does not stop it; the goal does, even if it was reached only after that.

    Source: docs/rules.md#journey
    """
    if journey is None:
        return _NO_JOURNEY
    said = {"step": journey.step, "state": journey.state.value}
    if journey.state is JourneyState.GOAL or (restart is not None and restart.goal_at is not None):
        return Line(JOURNEY, Reason.GOAL_REACHED, said)
    if journey.moved_to is not None and not journey.state.ended:
        return Line(JOURNEY, Reason.MOVED_AWAY, said | {"segment": journey.moved_to})
    over = journey.state.ended and (restart is None or journey.state is not JourneyState.COMPLETED)
    if not over and journey.ends_at is not None and now >= journey.ends_at:
        over, said = True, said | {"ended_at": journey.ends_at.isoformat()}
    if over:
        return Line(JOURNEY, Reason.JOURNEY_ENDED, said)
    if journey.state is JourneyState.PAUSED:
        return Line(JOURNEY, Reason.JOURNEY_PAUSED, said, ask_at=shifted(now, LOOK_AFTER_PAUSE))
    return Line(JOURNEY, numbers=said)


def moved_away(step: Step | None, before: str | None, segment: str | None) -> str | None:
    """Return the segment by moving to which a customer leaves a step, or None where they stay.

    Args:
        step: The published step they are in.
        before: The segment they were last seen in, "" for none; None where nobody has looked yet.
        segment: The one they are in now.

    Source: docs/rules.md#journey
    """
    if step is None or segment is None or before is None or before == segment:
        return None
    return segment if step.when_moved.get(segment) == "leave" else None


def anchor_unmoved(contact: Contact, journey: Journey | None) -> Line:
    """Say whether the contact belongs to the clock's present cycle: a new order has not set it anew.

    Source: docs/rules.md#anchor
    """
    if journey is None or contact.cycle == journey.cycle:
        return _ANCHORED
    return Line(ANCHOR, Reason.ANCHOR_MOVED, {"planned_in_cycle": contact.cycle, "cycle": journey.cycle})


def still_needed(
    communication: Communication, journey: Journey | None, customer: Customer, now: datetime, zone: ZoneInfo
) -> Line:
    """Say whether there is still something to say: its milestone is not reached, its question not answered.

    Source: docs/rules.md#milestone
    """
    name = communication.name
    if journey is not None and name in journey.milestones:
        return Line(MILESTONE, Reason.MILESTONE_REACHED, {"milestone": name})
    if communication.done is not None and holds(communication.done, customer, now, zone).holds:
        return Line(MILESTONE, Reason.MILESTONE_REACHED, {"milestone": name, "done": communication.done.text})
    if communication.ask is not None and is_known(customer, communication.ask):
        return Line(MILESTONE, Reason.ALREADY_KNOWN, {"asks": communication.ask})
    return _NEEDED


def not_overtaken(restart: Restart | None, step: Step | None, topic: Topic) -> Line:
    """Say whether nothing that comes later in the same step was said already, of a contact that is taken up again.

    Nudges stand each for itself and cannot overtake each other; what is mandatory is wanted all the same.

    Source: docs/rules.md#overtaken
    """
    if restart is None or restart.later is None or topic.purpose is Purpose.SERVICE:
        return _IN_TURN
    if step is not None and step.shape is Shape.MILESTONES:
        return _IN_TURN
    said = {"by": restart.later, "made_at": restart.later_at.isoformat() if restart.later_at else None}
    return Line(OVERTAKEN, Reason.OVERTAKEN, said)


def come_due(contact: Contact, now: datetime) -> Line:
    """Say whether the contact is due.

    Source: docs/rules.md#due
    """
    if now >= contact.due_at:
        return _DUE
    return Line(DUE, Reason.NOT_YET_DUE, {"due_at": contact.due_at.isoformat()}, passes_at=contact.due_at)
