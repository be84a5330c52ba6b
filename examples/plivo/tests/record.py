"""Write down what Plivo's own library puts on the wire and signs: `python tests/record.py`, with `plivo` installed.

The library is no dependency of the tests: what it does is kept in `tactful_plivo/fixtures/sdk.json`, with its version.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import plivo
import plivo.version
from plivo.utils.signature_v3 import construct_post_url, get_signature_v3

ACCOUNT, TOKEN = "MA00000000000000FLEU", "the-token-of-the-account"
KEY = "6f1c5f0e-8a55-5f4b-9d3e-0a4f6c1b2d3e"
CALLBACK = f"https://fleur.example/hooks/plivo?key={KEY}"
MESSAGE = {"src": "+14155550100", "dst": "+447700900123", "text": "Grüße: the first tulips are here.", "url": CALLBACK}
TOLD = [("sent", ""), ("delivered", ""), ("undelivered", "50"), ("failed", "200"), ("failed", "30"), ("teleported", "")]


def sent() -> dict[str, object]:
    """Return the request that the library makes of a message."""
    client = plivo.RestClient(ACCOUNT, TOKEN)
    kept: list[Any] = []

    def send(request: object, **_: object) -> object:
        kept.append(request)
        raise EOFError

    client.session.send = send
    with contextlib.suppress(EOFError):
        client.messages.create(**MESSAGE)
    (request,) = kept
    names = ("Authorization", "Content-Type")
    headers = {name.lower(): request.headers[name] for name in names}
    return {"method": request.method, "url": request.url, "headers": headers, "body": json.loads(request.body)}


def told(number: int, status: str, code: str) -> dict[str, str]:
    """Return a status callback, signed as the library checks it."""
    fields = {
        "From": "14155550100",
        "To": "447700900123",
        "MessageUUID": "5b40a428-bfc7-4daf-9d06-726c558bf3b8",
        "Status": status,
        "Units": "1",
        "TotalRate": "0.00350",
        **({"ErrorCode": code} if code else {}),
    }
    nonce = f"1234567890123456789{number}"
    signature = get_signature_v3(TOKEN, construct_post_url(CALLBACK, fields).decode(), nonce).decode()
    assert plivo.utils.validate_v3_signature("POST", CALLBACK, nonce, TOKEN, signature, fields)
    return {"status": status, "code": code, "nonce": nonce, "signature": signature, "body": urlencode(fields)}


if __name__ == "__main__":
    hooks = [told(number, *each) for number, each in enumerate(TOLD)]
    library = f"plivo {plivo.version.__version__} (MIT), what it sends and signs; written by tests/record.py"
    found = {"source": library, "callback": CALLBACK, "request": sent(), "hooks": hooks}
    path = Path(__file__).parents[1] / "tactful_plivo" / "fixtures" / "sdk.json"
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
