"""A campaign: its audience is written down, then every contact is made when it is due, many at a time.

One workflow serves all of the audience; a customer's journey through a campaign is a row. The id is the lot's, so that
a campaign that is started twice is started once.
"""

from temporalio import workflow

from workflows.lot import LotWork

with workflow.unsafe.imports_passed_through():
    from tactful.temporal import CAMPAIGN_STEP, LotEntry


@workflow.defn(name=CAMPAIGN_STEP)
class CampaignStep(LotWork):
    """A campaign on its way, from the writing of its audience to the end of its last journey."""

    @workflow.run
    async def run(self, entry: LotEntry) -> None:
        """Write the audience down one horizon ahead, then make what is due until all is settled."""
        await self.freeze(entry)
        await self.work(entry)
