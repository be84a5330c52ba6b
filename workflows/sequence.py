"""Every other step, under its own name: one class serves any step of any strategy, as its rows say.

Temporal finds this class for each workflow type that has none of its own, so that a team's new step needs no code.
"""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

from workflows.step import Step

with workflow.unsafe.imports_passed_through():
    from tactful.temporal import StepEntry


@workflow.defn(dynamic=True)
class AnyStep(Step):
    """A step that a strategy describes and nobody had to program."""

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> None:
        """Say everything the step has to say, each at its time; set again, go on in a fresh run."""
        entry = workflow.payload_converter().from_payload(args[0].payload, StepEntry)
        await self.enter(entry)
        await self.say_everything()
        await self.leave()
