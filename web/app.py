"""The web application put together: the API, the public pages, the console, health; each can be left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from pydantic.json_schema import models_json_schema

from database.engine import Database
from service.reloading import Reloaded
from service.tellers import Tellers
from web import api, health, hooks, public
from web.bodies import DESCRIBED
from web.config import WebConfig
from web.console import calls, pages
from web.failures import add_handlers
from web.house import HealthCheck, House
from web.safety import SafetyHeaders


def create_app(
    config: WebConfig,
    database: Database,
    clock: Callable[[], datetime],
    *,
    checks: Mapping[str, HealthCheck] | None = None,
    tellers: Reloaded[Tellers] | None = None,
) -> FastAPI:
    """Return the application.

    Args:
        config: How the doors are set up.
        database: Where everything is kept; closed by whoever made it.
        clock: Gives the current instant in UTC; tests on a time-skipping server pass its clock.
        checks: Further parts whose health is told, by name.
        tellers: The connectors whose providers tell us something; none where it is not given.
    """
    app = FastAPI(
        title="Tactful",
        version=version("tactful"),
        description="Runs a company's contact strategy. Errors have one shape: {error: {code, message, field, …}}.",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        telemetry=None,
    )
    app.state.house = House(config, database, clock, dict(checks or {}), tellers or Reloaded(Tellers()))
    add_handlers(app)
    app.add_middleware(SafetyHeaders)
    app.include_router(health.router)
    if "api" in config.doors:
        app.include_router(api.router)
        _describe_bodies(app)
    if "public" in config.doors:
        app.include_router(public.router)
        app.include_router(hooks.router)
    if "console" in config.doors:
        app.include_router(pages.router)
        app.include_router(calls.router)

        @app.get("/", include_in_schema=False)
        async def _first_page() -> RedirectResponse:  # pyright: ignore[reportUnusedFunction]
            return RedirectResponse("/console")

    return app


def _describe_bodies(app: FastAPI) -> None:
    """Have the OpenAPI document describe the bodies, which are read by ourselves."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        document = described()
        _, schemas = models_json_schema(
            [(body, "validation") for body in DESCRIBED], ref_template="#/components/schemas/{model}"
        )
        document["components"]["schemas"] |= schemas["$defs"]
        return document

    app.openapi = openapi
