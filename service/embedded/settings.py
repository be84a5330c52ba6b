"""Where `make run` keeps its state and which ports it takes: read from TACTFUL_*, checked before anything starts."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.embedded.errors import StartError

Port = Annotated[int, Field(ge=1, le=65535)]


class EmbeddedSettings(BaseSettings):
    """What can be set for the servers of `make run`; each field is the variable TACTFUL_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix="TACTFUL_", env_ignore_empty=True, frozen=True)

    home: Path = Path(".tactful")
    """The folder of all state: databases, logs, the password. Default .tactful in the working directory."""

    web_port: Port = 8080
    temporal_port: Port = 7233
    temporal_ui_port: Port = 8233
    postgres_port: Port = 5433
    """Not PostgreSQL's usual 5432, which a server of the machine's own often holds."""

    postgres_bin: Path | None = None
    """The bin/ folder of another PostgreSQL, such as /usr/lib/postgresql/15/bin. Default: the one from PyPI."""

    def ports(self) -> dict[str, int]:
        """Return the wanted ports by the variable that sets each."""
        return {
            variable(field): getattr(self, field)
            for field in ("web_port", "temporal_port", "temporal_ui_port", "postgres_port")
        }


def variable(field: str) -> str:
    """Return the environment variable that sets a field."""
    return f"TACTFUL_{field.upper()}"


def from_environment() -> EmbeddedSettings:
    """Return the settings, checked.

    Raises:
        StartError: A variable holds what it cannot mean; all such variables are named at once.
    """
    try:
        return EmbeddedSettings()
    except ValidationError as error:
        lines = [
            f"{variable(name)} is {os.environ.get(variable(name), '')!r}: {wrong['msg'].lower()}"
            for wrong in error.errors()
            if (name := str(wrong["loc"][0]))
        ]
        raise StartError("\n".join(lines)) from None
