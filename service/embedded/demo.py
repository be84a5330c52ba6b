"""The application as `make run` shows it: everything started, the florist published, and what happens, line by line.

Its sample customers and their orders are taken in, and a few new customers are registered while you watch.
Everything it does has a message id of its own, so that running again repeats nothing.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console

from database import migrate
from database.engine import Database
from service.embedded.errors import StartError
from service.embedded.stack import Action, Application, Served, Stack
from tactful.client import ClientError, TactfulClient
from tactful.strategy.folder import read_folder
from tactful.wire import ContactAnswer
from tactful.words import Reason

CHECKOUT = Path(__file__).parents[2]
FLORIST = CHECKOUT / "strategies" / "florist"
SAMPLE = FLORIST / "sample"
NEWCOMERS = {
    "noor": ("Europe/London", "en"),
    "mateo": ("America/New_York", "en"),
    "keira": ("America/Los_Angeles", "en"),
    "haruto": ("Asia/Tokyo", "en"),
    "lotte": ("Europe/Berlin", "de"),
    "aroha": ("Pacific/Auckland", "en"),
}
"""Registered while you watch: all around the world, so that somewhere it is day and somewhere quiet hours."""
A_DAY = timedelta(days=1)
COLOURS = {
    "sent": "green",
    "planned": "yellow",
    "parked": "red",
    "skipped": "dim",
    "cancelled": "dim",
    "expired": "dim",
}


def application(stack: Stack) -> Application:
    """Return what runs on the stack: programs to start, things to do, addresses to show."""
    client = TactfulClient(stack.web_url, token=_token(stack))
    showing = _Showing(client)
    return Application(
        steps=(
            Action("Preparing the database", lambda: _migrate(stack)),
            Served(stack.python("web", "-m", "web"), ready=lambda: _answers(client)),
            Action("Publishing the florist", lambda: _publish(client)),
            Served(stack.python("worker", "worker.py")),
            Action("Registering six new customers", lambda: _register(client)),
            Action("Importing forty more", lambda: _import(stack, "customers")),
            Action("Importing their orders", lambda: _import(stack, "orders")),
        ),
        addresses={
            "a customer's timeline": f"{stack.web_url}/console/customers/noor",
            "the mailbox": f"{stack.web_url}/console/mailbox",
            "all customers": f"{stack.web_url}/console/customers",
        },
        tick=showing.tick,
    )


def _token(stack: Stack) -> SecretStr | None:
    given = stack.environment().get("TACTFUL_API_TOKEN")
    return SecretStr(given) if given else None


def _migrate(stack: Stack) -> None:
    database = Database(stack.database_url)
    try:
        database.run(migrate.upgrade)
    finally:
        database.close()


def _answers(client: TactfulClient) -> bool:
    try:
        client.strategies()
    except ClientError:
        return False
    return True


def _publish(client: TactfulClient) -> None:
    client.publish(read_folder(FLORIST), note="make run")


def _import(stack: Stack, what: str) -> None:
    """Import a sample file by the command that everybody uses."""
    program = Path(sys.executable).with_name("tactful")
    command = [program, "import", what, SAMPLE / f"{what}.csv"]
    environment = stack.environment() | {"TACTFUL_SERVER": stack.web_url}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartError(done.stderr or done.stdout)


def _register(client: TactfulClient) -> None:
    now = datetime.now(UTC)
    for name, (zone, language) in NEWCOMERS.items():
        wanted = [
            {"topic": topic, "channel": channel, "state": "opted_in", "basis": "express", "source": "make run"}
            for topic, channel in (("ideas", "email"), ("ideas", "push"), ("reminders", "email"))
        ]
        traits = {"email": f"{name}@fleur.example", "first_name": name.title(), "timezone": zone, "language": language}
        client.identify(name, traits=traits, opt_ins=wanted, timestamp=now, message_id=f"make-run-identify-{name}")
        client.track(name, "customer.registered", timestamp=now, message_id=f"make-run-register-{name}")


class _Showing:
    """Prints each change of a contact once, from the feed."""

    def __init__(self, client: TactfulClient) -> None:
        self._client = client
        self._since = datetime.now(UTC)
        self._after: str | None = None
        self._shown: dict[str, datetime] = {}

    def tick(self, console: Console) -> None:
        """Print what is new; a server that is busy is asked again at the next tick."""
        try:
            feed = self._client.contacts_after(self._after)
        except ClientError:
            return
        self._after = feed.next or self._after
        for contact in feed.contacts:
            if self._is_news(contact) and self._shown.get(str(contact.contact_key)) != contact.updated_at:
                self._shown[str(contact.contact_key)] = contact.updated_at
                console.print(_line(contact), soft_wrap=True)

    def _is_news(self, contact: ContactAnswer) -> bool:
        """Say whether a change is worth a line: of this run, and not what an import tells of long ago."""
        if contact.updated_at < self._since or contact.reason in {Reason.EXPIRED, Reason.NOT_YET}:
            return False
        waits_for_day = contact.user_id in NEWCOMERS and contact.due_at < self._since + A_DAY
        return contact.decided or waits_for_day


def _line(contact: ContactAnswer) -> str:
    at = contact.updated_at.astimezone()
    colour = COLOURS.get(contact.state, "default")
    what = f"{contact.step}/{contact.communication}"
    return f"[dim]{at:%H:%M:%S}[/] {contact.user_id or '-':<11} {what:<26} [{colour}]{contact.sentence}[/]"
