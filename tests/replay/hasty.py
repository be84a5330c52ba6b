"""A step changed without a patch, to see that replay notices. In a file of its own: the sandbox imports it anew."""

import asyncio

from temporalio import workflow

from workflows.step import Step

with workflow.unsafe.imports_passed_through():
    from tactful.temporal import StepEntry


@workflow.defn(name="WelcomeStep")
class HastyWelcome(Step):
    """A welcome that was changed without a patch: it sleeps before it enters."""

    @workflow.run
    async def run(self, entry: StepEntry) -> None:
        """Do what no kept history did."""
        await asyncio.sleep(60)
        await self.enter(entry)
