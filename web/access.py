"""Who may call: whoever shows the token; without one, this machine, under its own names.

The token is shown as Segment's libraries show their write key (Basic, user name), as a Bearer token, or as a browser
asks for it (Basic, either field).
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Iterator

from fastapi import Depends, Request

from tactful.doors.refusals import refusal
from web.house import InHouse


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
