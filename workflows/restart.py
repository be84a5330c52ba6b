"""A restart of many: parked contacts are taken up again page by page, then each is made when it is due.

One workflow serves all of them, whichever journeys they are of. The id is the lot's, so that a restart that is asked
for twice is one.
"""

from temporalio import workflow

from workflows.lot import LotWork

with workflow.unsafe.imports_passed_through():
    from tactful.temporal import RESTART_SENDS, LotEntry


@workflow.defn(name=RESTART_SENDS)
class RestartSends(LotWork):
    """A restart on its way: until all of it is settled, or until a person stops it and the rest is parked again."""

    @workflow.run
    async def run(self, entry: LotEntry) -> None:
        """Take the contacts up, then make what is due until all is settled."""
        await self.freeze(entry)
        await self.work(entry)
