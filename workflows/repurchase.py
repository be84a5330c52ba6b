"""Repurchase: a clock that every order sets again, with reminders before and after the day it points to.

One journey is one clock (an occasion, a product line); a customer may have several. A clock may run for years: each
time it is set again, the workflow goes on in a fresh run.
"""

from temporalio import workflow

from workflows.step import Step

with workflow.unsafe.imports_passed_through():
    from tactful.temporal import StepEntry


@workflow.defn(name="RepurchaseStep")
class RepurchaseStep(Step):
    """A clock: reminds around the customer's own usual interval, and gives up when told."""

    @workflow.run
    async def run(self, entry: StepEntry) -> None:
        """Remind around the due date; an order of the key sets the clock again, silence ends it."""
        await self.enter(entry)
        await self.say_everything()
        await self.leave()
