"""What other Temporal applications need to talk to Tactful: task queue, workflow types, ids, inputs, the wake-up.

Names and frozen values only. Everything in an input is our own random key or an instant: never a caller's id, which
may be an email address.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from tactful.words import Shape

TASK_QUEUE: Final = "tactful"
WAKE: Final = "wake"
RESOLVE_CONTACT: Final = "ResolveContact"
CAMPAIGN_STEP: Final = "CampaignStep"
RESTART_SENDS: Final = "RestartSends"
LOT_TYPES: Final = {"campaign": CAMPAIGN_STEP, "restart": RESTART_SENDS}
"""The workflow type of each kind of lot."""

WORKED: Final = {
    ("welcome", Shape.SEQUENCE): "WelcomeStep",
    ("onboarding", Shape.MILESTONES): "OnboardingStep",
    ("repurchase", Shape.CLOCK): "RepurchaseStep",
}


class StepEntry(BaseModel):
    """The input of every step workflow: which journey, of which customer."""

    model_config = ConfigDict(frozen=True)

    journey_key: UUID
    customer_key: UUID


class ContactEntry(BaseModel):
    """The input of `ResolveContact`: which contact, of which customer."""

    model_config = ConfigDict(frozen=True)

    contact_key: UUID
    customer_key: UUID


class LotEntry(BaseModel):
    """The input of `CampaignStep` and `RestartSends`: which lot."""

    model_config = ConfigDict(frozen=True)

    lot_key: UUID


def workflow_type(step: str, shape: Shape) -> str:
    """Return the workflow type of a step: its own class where there is one, else a name for the class of its shape.

    A step that is called like one of the worked three but has another shape gets its shape into its type's name.
    """
    worked = WORKED.get((step, shape))
    if worked is not None:
        return worked
    camel = "".join(part.capitalize() for part in step.replace("_", "-").split("-"))
    clash = f"{camel}Step" in WORKED.values()
    return f"{camel}{shape.value.capitalize()}Step" if clash else f"{camel}Step"


def journey_workflow_id(strategy: str, first_step: str, journey_key: UUID) -> str:
    """Return the id of a journey's workflow; it stays the same through every step that follows."""
    return f"{strategy}/{first_step}/{journey_key}"


def contact_workflow_id(contact_key: UUID, restarts: int = 0) -> str:
    """Return the id of the workflow that settles one contact: asking twice is asking once.

    An id is never used again, so each time that a person takes the contact up again has its own.
    """
    return f"contact/{contact_key}/{restarts}" if restarts else f"contact/{contact_key}"


def lot_workflow_id(kind: str, lot_key: UUID) -> str:
    """Return the id of the workflow that works on a lot: starting it twice is starting it once."""
    return f"{kind}/{lot_key}"
