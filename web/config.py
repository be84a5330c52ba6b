"""What the doors need to know, and the one rule about it: without a token nobody but this machine may call."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr

from service.settings import Settings
from tactful.errors import TactfulError

DOORS = frozenset({"api", "public", "console"})
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


class OpenDoorError(TactfulError):
    """The doors would stand open to everybody."""


@dataclass(frozen=True)
class WebConfig:
    """How the doors are set up.

    Attributes:
        secret: Signs the links of the public pages.
        token: What callers show; None lets this machine in, and nobody else.
        host: The address listened on.
        port: The port listened on; 0 takes a free one.
        public_url: Where customers reach the public pages.
        doors: Which of `api`, `public` and `console` are open; the public pages can so be served by themselves.
        temporal_ui_url: Where the console's links to workflows lead; None for no such links.
        contact_wait: How long `POST /v1/contacts` waits for a verdict at most.
    """

    secret: SecretStr
    token: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = "http://127.0.0.1:8080"
    temporal_ui_url: str | None = None
    doors: frozenset[str] = DOORS
    contact_wait: timedelta = timedelta(seconds=10)

    def __post_init__(self) -> None:
        """Refuse to stand open.

        Raises:
            OpenDoorError: There is no token, and not only this machine could call.
        """
        if self.token is None and not is_local(self.host):
            msg = (
                f"TACTFUL_WEB_HOST is {self.host}: other machines can call, and there is no TACTFUL_API_TOKEN.\n"
                "Set TACTFUL_API_TOKEN to a long random text, or TACTFUL_WEB_HOST to 127.0.0.1."
            )
            raise OpenDoorError(msg)

    @classmethod
    def of(cls, settings: Settings, *, temporal_ui_url: str | None = None) -> Self:
        """Return the doors' part of the settings.

        Raises:
            OpenDoorError: There is no token, and not only this machine could call.
        """
        return cls(
            secret=settings.secret,
            token=settings.api_token,
            host=settings.web_host,
            port=settings.web_port,
            public_url=settings.public_url,
            temporal_ui_url=temporal_ui_url,
            doors=frozenset(settings.web_doors.split(",")),
        )

    @property
    def own_hosts(self) -> frozenset[str]:
        """The host names under which requests without a token are taken: a page elsewhere may not lend its own."""
        return LOCAL_NAMES | {urlsplit(self.public_url).hostname or "localhost"}


def is_local(host: str) -> bool:
    """Say whether an address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
