"""Onboarding: a few milestones, and a nudge towards each that is not reached by its time.

A milestone that is reached wakes the journey, and its nudge is gone from the plan; when none is left, or time is up,
the step ends.
"""

from temporalio import workflow

from workflows.step import Step

with workflow.unsafe.imports_passed_through():
    from tactful.temporal import StepEntry


@workflow.defn(name="OnboardingStep")
class OnboardingStep(Step):
    """Milestones: the customer is helped where they have not yet helped themselves."""

    @workflow.run
    async def run(self, entry: StepEntry) -> None:
        """Nudge towards each open milestone at its time, until all are reached or the step has lasted long enough."""
        await self.enter(entry)
        await self.say_everything()
        await self.leave()
