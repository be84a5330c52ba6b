"""One question at a time: nobody is asked a second thing while the first is still open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tactful.conditions import is_known
from tactful.facts import Customer, PastContact
from tactful.strategy.model import Communication, Topic
from tactful.timing import shifted
from tactful.verdict import Line
from tactful.words import Purpose, Reason

QUESTION = "question"
_PASSED = Line(QUESTION)
QUESTION_OPEN_FOR = timedelta(days=7)
"""How long a question waits for its answer before the next may be asked."""


def one_question(
    communication: Communication,
    topic: Topic,
    customer: Customer,
    past: Sequence[PastContact],
    *,
    own: UUID,
    at: datetime,
) -> Line:
    """Say whether no question asked in the last seven days is unanswered, if this contact asks one.

    Args:
        communication: What is to be said; only one with `ask` can be stopped here.
        topic: What about; mandatory contacts pass.
        customer: Whose known properties are the answers.
        past: Contacts made, newest first.
        own: The contact's own key: it never stands in its own way.
        at: The instant asked about.

    Source: docs/rules.md#question
    """
    if communication.ask is None or topic.purpose is Purpose.SERVICE:
        return _PASSED
    since = shifted(at, -QUESTION_OPEN_FOR)
    for made in past:
        if made.counts_at <= since:
            break
        if made.question is not None and made.contact_key != own and not is_known(customer, made.question):
            asked = {"open": made.question, "asked_at": made.counts_at.isoformat()}
            passes_at = shifted(made.counts_at, QUESTION_OPEN_FOR)
            return Line(QUESTION, Reason.QUESTION_OPEN, asked, passes_at=passes_at)
    return _PASSED
