"""The floor: a workflow with the same timers as a journey and activities that do nothing, and a worker that runs it.

It starts its workflows itself, as our worker's relay does: each line of its standard input is an id and the moments.

python -m benchmarks.floor ADDRESS TASK_QUEUE
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime, timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker


@activity.defn
async def nothing() -> None:
    """Do nothing."""


@workflow.defn
class Floor:
    """Sleep until each moment, then do nothing, durably."""

    @workflow.run
    async def run(self, moments: list[str]) -> None:
        """Keep the moments, ISO 8601."""
        for moment in moments:
            wait = datetime.fromisoformat(moment) - workflow.now()
            if wait > timedelta(0):
                await workflow.sleep(wait)
            await workflow.execute_activity(nothing, start_to_close_timeout=timedelta(seconds=30))


async def main(address: str, task_queue: str) -> None:
    """Run a worker until killed."""
    client = await Client.connect(address)
    worker = Worker(
        client,
        task_queue=task_queue,
        workflows=[Floor],
        activities=[nothing],
        workflow_runner=UnsandboxedWorkflowRunner(),  # as our worker runs by default
    )
    async with worker:
        while line := await asyncio.to_thread(sys.stdin.readline):
            workflow_id, moments = json.loads(line)
            await client.start_workflow(Floor.run, moments, id=workflow_id, task_queue=task_queue)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
