"""Journeys that fell asleep under an earlier release wake up under this one: kept histories are replayed.

A change of what a workflow does turns these red. If it is meant: guard it with `workflow.patched`, then record anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from service.plugin import tactful_plugin
from tests.replay.hasty import HastyWelcome

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def history(file: Path) -> WorkflowHistory:
    """Return a kept history."""
    return WorkflowHistory.from_json(file.stem, file.read_text())


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
async def test_a_kept_history_replays(file: Path) -> None:
    """What this release would do is what was done."""
    await Replayer(workflows=[], plugins=[tactful_plugin(None)]).replay_workflow(history(file))


def test_a_history_is_kept_for_every_way_a_workflow_goes() -> None:
    """Every step type, a step by its name only, a contact asked for, a campaign that was stopped, a restart."""
    steps = {re.sub(r"^[\d.]+-|-(ada|bob)?.*$", "", file.stem) for file in HISTORIES}
    assert steps >= {"welcome", "onboarding", "repurchase", "invoice", "contact", "campaign", "restart"}


def test_no_history_holds_an_address_or_anybody_elses_id() -> None:
    """Temporal sees our random keys only."""
    for file in HISTORIES:
        payloads = [event for event in history(file).events if event.ListFields()]
        said = " ".join(str(event) for event in payloads)
        assert "example.com" not in said
        assert '"ada"' not in said


async def test_a_workflow_changed_without_a_patch_does_not_replay() -> None:
    """The replay test bites."""
    welcome = next(file for file in HISTORIES if "-welcome-" in file.stem)
    plugin = tactful_plugin(None)
    replayer = Replayer(workflows=[HastyWelcome], data_converter=plugin.data_converter)  # pyright: ignore[reportArgumentType]
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(history(welcome))
