"""Welcome: a greeting at once, follow-ups on later days, and an end the moment the goal is reached.

The goal (a first order) ends the step in the middle of any wait. It is the database that knows: even while the
wake-up is on its way, nothing is sent after the order was stored.
"""

from temporalio import workflow

from workflows.step import Step

with workflow.unsafe.imports_passed_through():
    from tactful.temporal import StepEntry


@workflow.defn(name="WelcomeStep")
class WelcomeStep(Step):
    """A sequence that greets a customer until they have done what it hopes for."""

    @workflow.run
    async def run(self, entry: StepEntry) -> None:
        """Say everything in turn, each at its hour; then stay for the goal as long as the step lasts."""
        await self.enter(entry)
        await self.say_everything()
        await self.leave()
