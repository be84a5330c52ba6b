"""`tactful migrate`: hand over to the application, which alone knows the database."""

from __future__ import annotations

import typer

from tactful.cli.application import hand_over

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Bring the database at TACTFUL_DATABASE_URL to the tables that this version needs. Safe to repeat."""
    hand_over("tactful migrate", "service.migrate")
