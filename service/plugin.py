"""The Temporal plugin: data converter, workflows, activities and sandbox in one object, for workers and for tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Final

from temporalio.contrib.pydantic import PydanticPayloadConverter, pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker import UnsandboxedWorkflowRunner, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from activities.contract import Contacting, WorkingLots
from workflows.campaign import CampaignStep
from workflows.contact import ResolveContact
from workflows.onboarding import OnboardingStep
from workflows.repurchase import RepurchaseStep
from workflows.restart import RestartSends
from workflows.sequence import AnyStep
from workflows.welcome import WelcomeStep

WORKFLOWS = (WelcomeStep, OnboardingStep, RepurchaseStep, AnyStep, ResolveContact, CampaignStep, RestartSends)
# Frozen values and names: the same in every run, and dear to import again for each.
PASSED_THROUGH = ("tactful", "activities.contract", "pydantic", "pydantic_core")
_CONVERTERS: Final = PydanticPayloadConverter().converters


class SharedConverter(PydanticPayloadConverter):
    """Pydantic's converter with one set of caches: the SDK makes a converter for every activation, which is dear."""

    def __init__(self) -> None:
        """Take the converters that every other one has."""
        self.converters = _CONVERTERS


def tactful_plugin(
    activities: Contacting | None, lots: WorkingLots | None = None, *, sandbox: bool = True
) -> SimplePlugin:
    """Return the plugin for a client, from which a worker or a replayer of that client takes everything.

    Args:
        activities: What does the work; None for a client that only starts and asks, and for replay.
        lots: What does the work of lots.
        sandbox: Whether workflows run in the SDK's sandbox.
    """

    def runner(existing: WorkflowRunner | None) -> WorkflowRunner:
        if not sandbox:
            return UnsandboxedWorkflowRunner()
        if not isinstance(existing, SandboxedWorkflowRunner):
            existing = SandboxedWorkflowRunner()
        restrictions = existing.restrictions.with_passthrough_modules(*PASSED_THROUGH)
        return dataclasses.replace(existing, restrictions=restrictions)

    return SimplePlugin(
        "tactful",
        data_converter=dataclasses.replace(pydantic_data_converter, payload_converter_class=SharedConverter),
        workflows=list(WORKFLOWS),
        activities=[*_methods(activities), *_lot_methods(lots)] or None,
        workflow_runner=runner,
    )


def _methods(activities: Contacting | None) -> Sequence[Callable[..., object]]:
    return (activities.enter_step, activities.make_contact, activities.leave_step) if activities is not None else ()


def _lot_methods(lots: WorkingLots | None) -> Sequence[Callable[..., object]]:
    return (lots.freeze_lot, lots.work_lot) if lots is not None else ()
