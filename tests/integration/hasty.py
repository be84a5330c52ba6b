"""A workflow that ends at once, whatever it is called: what a bug or a wrong build would leave behind.

In a file of its own: the sandbox imports it anew.
"""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue


@workflow.defn(dynamic=True)
class Hasty:
    """Runs to its end and has looked after nothing."""

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> None:
        """Do nothing."""
