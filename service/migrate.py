"""`python -m service.migrate`: bring the database at TACTFUL_DATABASE_URL to the tables this code needs."""

from __future__ import annotations

import sys
from contextlib import closing

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from database import migrate
from database.engine import Database
from service.settings import PREFIX
from tactful.errors import TactfulError


class DatabaseSettings(BaseSettings):
    """The one setting that migrating needs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, hide_input_in_errors=True, extra="ignore")

    database_url: SecretStr = Field(min_length=1)


def main() -> int:
    """Migrate and say to what; return the exit code."""
    try:
        settings = DatabaseSettings()  # pyright: ignore[reportCallIssue] - the environment gives the value
    except ValidationError:
        sys.stderr.write(f"{PREFIX}DATABASE_URL is not set: postgresql+psycopg://user:password@host:port/database\n")
        return 1
    try:
        with closing(Database(settings.database_url.get_secret_value())) as database:
            before = database.run(migrate.current)
            after = database.run(migrate.upgrade)
    except TactfulError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"The database is at {after}" + ("; nothing to do.\n" if before == after else ".\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
