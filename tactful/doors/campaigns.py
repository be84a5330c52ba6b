"""Which campaign is meant, held against what is published: a slip of the keyboard sends nothing to anybody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tactful.campaign import CampaignRequest, occasion_of, over_at, read_moment, told
from tactful.doors.refusals import refusal, unknown
from tactful.strategy.model import CampaignEntry, Strategy
from tactful.wire.campaigns import CampaignBody

NOW = "now"
MOMENTS = "`2027-02-26 10:00` for everybody's own clock, an instant with an offset, or now"


def read_campaign(body: CampaignBody, published: Iterable[Strategy], now: datetime) -> CampaignRequest:
    """Return the campaign that is meant.

    Raises:
        RefusedError: There is no such strategy or campaign, it is a draft, or its time is over.
    """
    strategies = {strategy.name: strategy for strategy in published}
    strategy = strategies.get(body.strategy)
    if strategy is None:
        raise unknown("strategy", body.strategy, strategies, field="strategy", empty="none: publish one first")
    step = strategy.steps.get(body.step)
    campaigns = [name for name, each in strategy.steps.items() if isinstance(each.entry, CampaignEntry)]
    occasion = occasion_of(strategy, body.step)
    if step is None:
        raise unknown("campaign", body.step, campaigns, field="step", empty=f"none: {strategy.name} has no campaign")
    if occasion is None:
        expected = f"a step with `campaign:`; {strategy.name} has {', '.join(campaigns) or 'none'}"
        raise refusal("no_campaign", f"{step.name} is no campaign.", field="step", expected=expected)
    if step.draft:
        hint = "Take `draft: true` out of the strategy and publish it."
        raise refusal("draft", f"{step.name} is a draft: nobody enters it.", field="step", hint=hint)
    end = over_at(strategy, step.name)
    if end is not None and end <= now:
        message = f"Everything that {step.name} says has expired; the last of it on {told(end)}."
        hint = "Publish the strategy with this year's moment and expiry."
        raise refusal("expired", message, field="step", hint=hint)
    return CampaignRequest(
        strategy=strategy.name,
        step=step.name,
        occasion=occasion,
        moment=occasion if body.at is None else _moment(body.at, now),
        request_key=body.request_key or "",
        asked_by=body.asked_by,
        rate=body.rate,
    )


def _moment(said: str, now: datetime) -> datetime:
    if said == NOW:
        return now
    try:
        return read_moment(said)
    except ValueError:
        raise refusal("bad_value", f'"{said}" is no moment.', field="at", expected=MOMENTS) from None
