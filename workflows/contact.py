"""One contact settled by itself: asked for through the API, or taken up again by a person.

Its id is the contact's, so that asking twice is asking once.
"""

import asyncio
import contextlib
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.step import is_final, make

with workflow.unsafe.imports_passed_through():
    from activities import contract
    from activities.contract import MakeContact
    from tactful.temporal import RESOLVE_CONTACT, WAKE, ContactEntry


@workflow.defn(name=RESOLVE_CONTACT)
class ResolveContact:
    """A contact without a journey: made now or at its next legal moment, until it is settled."""

    def __init__(self) -> None:
        self._woken = False

    @workflow.signal(name=WAKE)
    def wake(self) -> None:
        """Have the contact looked at now: something has changed."""
        self._woken = True

    @workflow.run
    async def run(self, entry: ContactEntry) -> None:
        """Ask until the contact is settled, sleeping as long as each answer says."""
        ask = MakeContact(contact_key=entry.contact_key, customer_key=entry.customer_key)
        while True:
            self._woken = False
            try:
                made = await make(ask)
            except ActivityError as error:
                if is_final(error):
                    raise
                again_at = workflow.now() + contract.AFTER_AN_OUTAGE
            else:
                if made.again_at is None:
                    return
                again_at = made.again_at
            await self._until(again_at)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(entry)

    async def _until(self, moment: datetime) -> None:
        """Wait until `moment`, or until woken."""
        wait = max(moment - workflow.now(), timedelta(seconds=1))
        with contextlib.suppress(asyncio.TimeoutError):
            await workflow.wait_condition(lambda: self._woken, timeout=wait)
