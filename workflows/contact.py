"""One contact settled by itself: asked for through the API, or taken up again by a person.

Its id is the contact's, so that asking twice is asking once.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.step import is_final, make

with workflow.unsafe.imports_passed_through():
    from activities import contract
    from activities.contract import MakeContact
    from tactful.temporal import RESOLVE_CONTACT, ContactEntry


@workflow.defn(name=RESOLVE_CONTACT)
class ResolveContact:
    """A contact without a journey: made now or at its next legal moment, until it is settled."""

    @workflow.run
    async def run(self, entry: ContactEntry) -> None:
        """Ask until the contact is settled, sleeping as long as each answer says."""
        ask = MakeContact(contact_key=entry.contact_key, customer_key=entry.customer_key)
        while True:
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
            await workflow.sleep(max(again_at - workflow.now(), timedelta(seconds=1)))
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(entry)
