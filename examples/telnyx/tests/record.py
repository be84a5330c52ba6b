"""Write down what Telnyx's own library puts on the wire, and hooks that it believes: `python tests/record.py`.

Wants `telnyx[webhooks]` (45 MB), which is no dependency of the tests: what it does is kept in
`tactful_telnyx/fixtures/sdk.json`, with its version. The hooks' bodies are the examples of
developers.telnyx.com/api-reference/callbacks (delivery-update, inbound-message), with other statuses and codes.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import telnyx
from nacl.signing import SigningKey

KEY = "6f1c5f0e-8a55-5f4b-9d3e-0a4f6c1b2d3e"
PROFILE = "4000eba1-a0c0-4563-9925-b25e842a7cb6"
MESSAGE = {
    "to": "+447700900123",
    "from_": "+18445550001",
    "text": "Grüße: the first tulips are here.",
    "messaging_profile_id": PROFILE,
}
SIGNING = SigningKey(b"the seed of a key for tests only")
PUBLIC = base64.b64encode(bytes(SIGNING.verify_key)).decode()
AT = datetime.now(UTC).replace(microsecond=0)
TOLD = [
    ("message.sent", "sent", ""),
    ("message.finalized", "delivered", ""),
    ("message.finalized", "delivery_failed", "40012"),
    ("message.finalized", "delivery_failed", "40008"),
    ("message.finalized", "sending_failed", "40300"),
    ("message.finalized", "delivery_failed", "40002"),
    ("message.finalized", "delivery_unconfirmed", ""),
    ("message.received", "webhook_delivered", ""),
]


def sent() -> dict[str, object]:
    """Return the request that the library makes of a message."""
    kept: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        kept.append(request)
        return httpx.Response(200, json={"data": {}})

    with telnyx.Telnyx(
        api_key="KEY-of-the-account", http_client=httpx.Client(transport=httpx.MockTransport(take))
    ) as client:
        client.messages.send(**MESSAGE, idempotency_key=KEY)
    (request,) = kept
    headers = {name: request.headers[name] for name in ("authorization", "content-type", "idempotency-key")}
    return {"method": request.method, "url": str(request.url), "headers": headers, "body": json.loads(request.content)}


def told(number: int, event: str, status: str, code: str) -> dict[str, object]:
    """Return a hook that the library believes now."""
    inbound = event == "message.received"
    ours, theirs = {"phone_number": "+18445550001"}, {"phone_number": "+447700900123"}
    payload = {
        "record_type": "message",
        "direction": "inbound" if inbound else "outbound",
        "id": "7ee4241c-f127-47e5-9c34-3aac291f8058" if inbound else "40385f64-5717-4562-b3fc-2c963f66afa6",
        "type": "SMS",
        "messaging_profile_id": PROFILE,
        "from": {**(theirs if inbound else ours), "carrier": "TELNYX LLC", "line_type": "VoIP"},
        "to": [{**(ours if inbound else theirs), "status": status, "carrier": "EE", "line_type": "Wireless"}],
        "text": "Please stop texting me" if inbound else MESSAGE["text"],
        "encoding": "GSM-7",
        "parts": 1,
        "cost": None if inbound else {"amount": "0.0051", "currency": "USD"},
        "errors": [{"code": code, "title": "Said by the carrier"}] if code else [],
    }
    data = {
        "record_type": "event",
        "id": f"86f58db9-0fe3-4adc-9d1f-46e66e6e930{number}",
        "event_type": event,
        "occurred_at": AT.isoformat(timespec="milliseconds"),
        "payload": payload,
    }
    body = json.dumps({"data": data, "meta": {"attempt": 1, "delivered_to": "https://fleur.example/hooks/telnyx"}})
    stamp = str(int(AT.timestamp()))
    signature = base64.b64encode(SIGNING.sign(f"{stamp}|{body}".encode()).signature).decode()
    headers = {"telnyx-timestamp": stamp, "telnyx-signature-ed25519": signature}
    client = telnyx.Telnyx(api_key="KEY-of-the-account", public_key=PUBLIC)
    client.webhooks.unwrap(body, headers=headers)
    with contextlib.suppress(ValueError):
        client.webhooks.unwrap(body + " ", headers=headers)
        raise SystemExit("the library believes what nobody signed")
    return {"event": event, "status": status, "code": code, "headers": headers, "body": body}


if __name__ == "__main__":
    hooks = [told(number, *each) for number, each in enumerate(TOLD)]
    library = f"telnyx {telnyx.__version__} (MIT), what it sends and believes; written by tests/record.py"
    found = {"source": library, "at": AT.isoformat(), "public_key": PUBLIC, "request": sent(), "hooks": hooks}
    path = Path(__file__).parents[1] / "tactful_telnyx" / "fixtures" / "sdk.json"
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
