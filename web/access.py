"""Who may call: whoever shows the token; without one, this machine, under its own names.

The token is shown as Segment's libraries show their write key (Basic, user name), as a Bearer token, or as a browser
asks for it (Basic, either field). A browser shows it by itself, whoever made it call: what a form does is done only for
our own pages.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Iterator
from urllib.parse import urlsplit

from fastapi import Depends, Request

from tactful.doors.refusals import refusal
from web.house import House, InHouse


def authorise(request: Request, house: InHouse) -> None:
    """Let a caller in.

    Raises:
        RefusedError: They do not show the token; or, where there is none, they come by a foreign host name, as a page
            of somebody else's in a browser on this machine would.
    """
    token = house.config.token
    if token is None:
        if request.url.hostname not in house.config.own_hosts:
            expected = "127.0.0.1 or localhost, or a TACTFUL_API_TOKEN"
            raise refusal("host_not_allowed", "Without a token, only this machine may call.", expected=expected)
        return
    wanted = token.get_secret_value().encode()
    if not any(hmac.compare_digest(shown.encode(), wanted) for shown in _shown(request)):
        hint = "Send it as `Authorization: Bearer TOKEN`, or as the user name of Basic authentication."
        raise refusal("unauthorised", "The token is missing or wrong.", expected="TACTFUL_API_TOKEN", hint=hint)


Authorised = Depends(authorise)


def from_this_site(request: Request, house: InHouse) -> None:
    """Let a form of our own pages in: one on somebody else's page must not act with what the browser holds.

    Raises:
        RefusedError: The browser says that another site's page sent it, or nothing says where it comes from.
    """
    fetched = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if fetched is not None:
        ours = fetched == "same-origin"
    else:
        own = {request.headers.get("host", "").lower(), urlsplit(house.config.public_url).netloc.lower()}
        ours = origin is not None and urlsplit(origin).netloc.lower() in own - {""}
    if not ours:
        hint = "Open the page again and send its form. A program uses the API: docs/api.md."
        raise refusal(
            "other_site", "This was not sent from a page of ours.", expected="a form of the console", hint=hint
        )


def name_shown(request: Request, house: House) -> str:
    """Return the name that somebody signed in by, beside the token; empty where there is none, never the token."""
    token = house.config.token
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        name, _, password = b64decode(rest, validate=True).decode().partition(":")
    except ValueError:
        return ""
    own = token is not None and password == token.get_secret_value() and name != password
    return " ".join(name.split())[:100] if own else ""


def _shown(request: Request) -> Iterator[str]:
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield rest.strip()
    elif scheme.lower() == "basic":
        try:
            name, _, password = b64decode(rest, validate=True).decode().partition(":")
        except ValueError:
            return
        yield from (name, password)
