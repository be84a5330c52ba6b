"""The Temporal plugin: data converter, workflows, activities and sandbox in one object, for workers and for tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import structlog
from temporalio import activity
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.plugin import SimplePlugin
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    UnsandboxedWorkflowRunner,
    WorkflowRunner,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from activities.contract import Contacting
from workflows.contact import ResolveContact
from workflows.onboarding import OnboardingStep
from workflows.repurchase import RepurchaseStep
from workflows.sequence import AnyStep
from workflows.welcome import WelcomeStep

WORKFLOWS = (WelcomeStep, OnboardingStep, RepurchaseStep, AnyStep, ResolveContact)
# Frozen values and names: the same in every run, and dear to import again for each.
PASSED_THROUGH = ("tactful", "activities.contract", "pydantic", "pydantic_core")


def tactful_plugin(activities: Contacting | None, *, sandbox: bool = True) -> SimplePlugin:
    """Return the plugin for a client, from which a worker or a replayer of that client takes everything.

    Args:
        activities: What does the work; None for a client that only starts and asks, and for replay.
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
        data_converter=pydantic_data_converter,
        workflows=list(WORKFLOWS),
        activities=list(_methods(activities)) if activities is not None else None,
        workflow_runner=runner,
        interceptors=[_Ids()],
    )


def _methods(activities: Contacting) -> Sequence[Callable[..., object]]:
    return (activities.enter_step, activities.make_contact, activities.leave_step)


class _Ids(Interceptor):
    """Puts the ids of what is being done into every log line written meanwhile."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Wrap the call of an activity."""
        return _WithIds(next)


class _WithIds(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> object:  # noqa: A002 - the SDK's name
        info = activity.info()
        with structlog.contextvars.bound_contextvars(workflow_id=info.workflow_id, attempt=info.attempt):
            return await super().execute_activity(input)
