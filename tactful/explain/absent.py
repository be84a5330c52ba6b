"""Why there is no contact at all: nothing began its journey, it was not there yet, or it was never planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tactful.explain.clock import time_text
from tactful.explain.story import Passage, What, Who
from tactful.strategy.model import CampaignEntry, Communication, DateEntry, SegmentEntry, Step, Trigger
from tactful.wire.explanation import ExplanationAnswer
from tactful.words import Shape

_ENDS = {
    "goal": "it had reached its goal",
    "completed": "it was completed",
    "exited": "the customer left it",
    "timed_out": "its time was up",
}
_AGAIN = {"never": "is entered once only", "after": "is entered again only after a while"}


@dataclass(frozen=True, slots=True)
class Came:
    """An event of the kind that begins the step: when it happened, when we heard, whether as something of the past."""

    at: datetime
    told_at: datetime
    historical: bool = False
    says_what_about: bool = True


@dataclass(frozen=True, slots=True)
class Entered:
    """A journey of the customer through the step.

    `has_it`: whether the version pinned there has the communication. `done`: whether its milestone was reached.
    """

    passage: Passage
    version: int
    has_it: bool
    planned: bool
    done: bool = False


@dataclass(frozen=True, slots=True)
class Absence:
    """Everything that is known about a communication that a customer has no contact of.

    Attributes:
        who: Whose contact there is none of.
        what: What there is no contact of.
        now: Aware UTC instant.
        step: The step as it is published; None where it is no more.
        communication: The communication as it is published; None where it is no more.
        blocked: Whether this version of the software does not carry it out yet.
        since: The first version that had it, and when that was published.
        gone: The first version without it, and when that was published; None where it is there.
        came: The events that would begin the step, the newest first.
        entered: The customer's journeys through the step, the newest first.
        led_from: The steps that go on to this one.
        segment: The customer's segment now.
        known: Whether the date is known that it begins with or hangs on.
    """

    who: Who
    what: What
    now: datetime
    step: Step | None = None
    communication: Communication | None = None
    blocked: bool = False
    since: tuple[int, datetime] | None = None
    gone: tuple[int, datetime] | None = None
    came: tuple[Came, ...] = ()
    entered: tuple[Entered, ...] = ()
    led_from: tuple[str, ...] = ()
    segment: str | None = None
    known: bool = True

    def time(self, at: datetime) -> str:
        """Return an instant in the customer's zone."""
        return time_text(at, self.who.zone)


def tell_absent(absence: Absence) -> ExplanationAnswer:
    """Return in words why there is no contact."""
    what = absence.what
    return ExplanationAnswer(
        sentence=f"There is none: {_because(absence)}",
        customer_key=absence.who.customer_key,
        user_id=absence.who.user_id,
        strategy=what.strategy,
        step=what.step,
        communication=what.communication,
        zone=absence.who.zone.key,
        background=_background(absence),
    )


def came_again(step: Step | None, journey_started_at: datetime, came: tuple[Came, ...], who: Who) -> str | None:
    """Return that what begins a step has come again since, and why it began nothing; None where it has not."""
    later = [one for one in came if one.at > journey_started_at and not one.historical]
    if step is None or not isinstance(step.entry, Trigger) or not later or step.shape is Shape.CLOCK:
        return None
    why = _AGAIN.get(step.again.kind)
    when = time_text(later[0].at, who.zone)
    return f"“{step.entry.event}” came again on {when}, but {step.name} {why}." if why else None


def _because(absence: Absence) -> str:
    what, step = absence.what, absence.step
    if step is None or absence.communication is None:
        if absence.gone is not None:
            version, at = absence.gone
            return f"“{what.communication}” was taken out with version {version}, published on {absence.time(at)}."
        return f"the published strategy has no “{what.communication}”."
    if absence.entered:
        return _inside(absence, absence.entered[0])
    if step.draft:
        return f"the step {step.name} is still a draft, which nobody enters."
    if absence.blocked:
        return f"{what.step} asks for something that this version of Tactful does not carry out yet."
    return _never_began(absence, step)


def _inside(absence: Absence, entered: Entered) -> str:
    """Return why somebody who is or was in the step has no such contact."""
    what, passage = absence.what, entered.passage
    came = f"the customer came into {what.step} on {absence.time(passage.started_at)}"
    if not entered.has_it:
        since = absence.since
        later = f"; it came with version {since[0]}, published on {absence.time(since[1])}" if since else ""
        return f"{came}, under version {entered.version}, which did not have it{later}."
    if entered.done:
        return f"{came}, and had already done what it would have suggested."
    if not absence.known:
        return f"{came}, but it hangs on a date of the customer's that is not known."
    if passage.ended_at is not None:
        ended = f"ended on {absence.time(passage.ended_at)}: {_ENDS.get(passage.state, passage.state)}"
        return f"{came}; that journey {ended}, before this was planned."
    if not entered.planned:
        return f"{came}, and what the step says is about to be planned."
    return f"{came}, and by then there was nothing left of it to plan: its time was over."


def _never_began(absence: Absence, step: Step) -> str:
    """Return why no journey through the step ever began."""
    match step.entry:
        case Trigger() as trigger:
            return _not_triggered(absence, step, trigger)
        case DateEntry() as date:
            why = "that has not come round yet" if absence.known else "that is not known"
            return f"{step.name} begins with the customer's {date.property}, and {why}."
        case CampaignEntry() as campaign:
            to_come = campaign.at > absence.now.astimezone(absence.who.zone).replace(tzinfo=None)
            why = "that has not come yet" if to_come else "the customer was in no audience of it"
            return f"{step.name} is a campaign for {campaign.at:%-d %B %Y, %H:%M}, and {why}."
        case SegmentEntry() as entry:
            return f"{step.name} begins when a customer joins {entry.segment}, and this one has not."
        case None:
            return f"{step.name} follows after {_listed(absence.led_from)}, which has not led the customer there."


def _not_triggered(absence: Absence, step: Step, trigger: Trigger) -> str:
    came = absence.came
    if not came:
        also = f", nor has {_listed(absence.led_from)} led there" if absence.led_from else ""
        return f"{step.name} begins with “{trigger.event}”, and that never came for this customer{also}."
    last = came[0]
    when = f"“{trigger.event}” came on {absence.time(last.at)}"
    if absence.since is not None and last.told_at < absence.since[1]:
        version, at = absence.since
        return f"{when}, before it was published: it came with version {version} on {absence.time(at)}."
    if last.historical and step.shape is not Shape.CLOCK:
        return f"{when}, but was told as something of the past, which begins no journey."
    if not last.says_what_about:
        return f"{when}, but did not say which {step.per} it was about, and {step.name} has a journey for each."
    if step.for_segments and absence.segment not in step.for_segments:
        mine = absence.segment or "no segment"
        return f"{when}, but {step.name} is for {', '.join(step.for_segments)}, and the customer is in {mine}."
    return f"{when}, and began nothing: by then nothing was left to say, or the customer was not meant."


def _background(absence: Absence) -> list[str]:
    told: list[str] = []
    if not absence.who.own_zone:
        told.append(f"Times are told in the zone {absence.who.zone.key}: the customer's own is not known.")
    if absence.since is not None:
        version, at = absence.since
        told.append(f"“{absence.what.communication}” is there since version {version}, {absence.time(at)}.")
    told += [
        f"The customer came into {absence.what.step} on {absence.time(one.passage.started_at)}"
        + (f"; it ended on {absence.time(one.passage.ended_at)}." if one.passage.ended_at else "; it is still open.")
        for one in absence.entered
    ]
    return told


def _listed(steps: tuple[str, ...]) -> str:
    return " or ".join(steps) or "no other step"
