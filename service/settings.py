"""The settings of worker and web: from the environment, checked at start, secrets never shown.

Temporal's own settings (address, namespace, TLS, API key) are `temporalio.envconfig`'s: TEMPORAL_ADDRESS and the like,
or a TOML file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from tactful.errors import TactfulError

PREFIX = "TACTFUL_"
SECRET_LENGTH = 16


class SettingsError(TactfulError):
    """A setting is missing or wrong; says which, and what would be right."""


def _without_slash(url: str) -> str:
    HttpUrl(url)
    return url.rstrip("/")


def _long_enough(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SECRET_LENGTH:
        msg = f"must be at least {SECRET_LENGTH} characters long"
        raise ValueError(msg)
    return secret


class Settings(BaseSettings):
    """What worker and web need to know. Each is an environment variable `TACTFUL_…`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, hide_input_in_errors=True, extra="ignore")

    database_url: SecretStr
    """Where PostgreSQL is: `postgresql+psycopg://user:password@host:port/database`."""
    secret: Annotated[SecretStr, AfterValidator(_long_enough)]
    """Signs the links in messages. Keep it: links in mail that is out there depend on it."""
    public_url: Annotated[str, AfterValidator(_without_slash)] = "http://127.0.0.1:8080"
    """Where customers reach the public pages; no slash at the end."""
    config: Path = Path("tactful.toml")
    """The file that names the connectors and which channel uses which."""
    task_queue: str = "tactful"
    """The Temporal task queue of journeys and contacts."""
    deployment: str | None = None
    """Name of the Temporal worker deployment this worker belongs to; set it with `build_id` to roll out versions."""
    build_id: str | None = None
    """This build, within `deployment`. Journeys move on to the deployment's current build at their next wake-up."""
    pool_size: int = Field(default=10, ge=2, le=200)
    """Database connections of this process."""
    contacts_at_once: int = Field(default=50, ge=1, le=1000)
    """How many contacts one worker makes at the same time."""
    sandbox: bool = False
    """Run workflows in the SDK's sandbox. Tests always do; a worker saves a third of its CPU without."""
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8080, ge=1, le=65535)
    web_doors: str = Field(default="api,public,console", pattern=r"^(api|public|console)(,(api|public|console))*$")
    """Which doors the web process opens, with commas between; the public pages can be served by themselves."""
    api_token: SecretStr | None = None
    """What callers of the API show; without it only this machine may call."""
    log_format: Literal["json", "text"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"


def read_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: one is missing or wrong; all that is wrong is named at once.
    """
    try:
        return Settings()  # pyright: ignore[reportCallIssue] - the environment gives the values
    except ValidationError as error:
        faults = [f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg'].lower()}" for e in error.errors(include_input=False)]
        msg = "cannot start; these settings need attention:\n  " + "\n  ".join(faults)
        raise SettingsError(msg) from None
