"""docs/connectors.md out of the certificates: `python -m tests.connectors.certificates` writes it.

The certificates themselves are written by `tactful connector certify --all --out docs/connectors/certificates`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tactful.words import Channel

DOCS = Path(__file__).parents[2] / "docs"
CERTIFICATES = DOCS / "connectors" / "certificates"
PAGE = DOCS / "connectors.md"
HEAD = """\
# Connectors

Every connector of Tactful with what its provider can do and what it was tried with. Written from the
certificates by `python -m tests.connectors.certificates`; a test tries every connector again and compares. What is
entered where: [configuring a connector](connectors/configuring.md), and each one's page.

| connector | channels | a second attempt | besides | checks passed | left out |
|---|---|---|---|---|---|
"""
AFTER = """\

- **A second attempt**, where an answer never came: *key*: the provider sends once per key, within the time named, so
  the same is handed over again; *look-up*: it is asked whether it has the message; *neither*: a receipt or a person
  settles it.
- **Besides**: *receipts*, it tells what became of a message; *inbound*, it hands on what customers write; *polls*, it
  has to be asked for that; *cancels*, it stops a message that it took, for a while.
- **Left out**: checks that make no sense for a provider; each certificate says why.

## What stands behind them

A connector and its tests by the same hand agree with each other, right or wrong. So every connector has an oracle,
written by somebody else: the provider's *description* of its API, its own *sdk*, an *emulator* of it, a published
*vector*, or a real *server* of the protocol.

| connector | oracle | which, and the test that asks it |
|---|---|---|
"""
_SPAN = re.compile(r"(\d+):(\d\d):00")
FOOT = """\

To add one: [a connector of your own](connectors/your-own.md).
"""


def page(certificates: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page, for certificates by the connector's name."""
    names = sorted(certificates, key=lambda name: (_place(certificates[name]), name))
    connectors = "".join(_row(name, certificates[name]) for name in names)
    oracles = "".join(
        f"| {name} | {oracle['kind']} | {oracle['what']} |\n"
        for name in names
        for oracle in certificates[name]["oracles"]
    )
    return HEAD + connectors + AFTER + oracles + FOOT


def read() -> dict[str, Mapping[str, Any]]:
    """Return the certificates that are kept, by the connector's name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(CERTIFICATES.glob("*.json"))}


def _row(name: str, certificate: Mapping[str, Any]) -> str:
    declared = certificate["declared"]
    besides = [word for word in ("receipts", "inbound", "polls", "cancels") if declared[word]]
    groups = certificate["groups"].values()
    passed = sum(group["passed"] for group in groups)
    cells = [
        f"[{name}](connectors/{name}.md)",
        ", ".join(declared["channels"]),
        _SPAN.sub(_minutes, declared["second attempt"].removesuffix(", 0:00:00")),
        ", ".join(besides) or "nothing",
        f"[{passed}](connectors/certificates/{name}.json)",
        str(sum(len(group["left out"]) for group in groups)),
    ]
    return f"| {' | '.join(cells)} |\n"


def _minutes(span: re.Match[str]) -> str:
    return f"{int(span[1]) * 60 + int(span[2])} minutes"


def _place(certificate: Mapping[str, Any]) -> int:
    """Return where a connector stands: by its channel, those of several last."""
    channels = certificate["declared"]["channels"]
    order = [channel.value for channel in Channel]
    return order.index(channels[0]) if len(channels) == 1 else len(order)


if __name__ == "__main__":
    PAGE.write_text(page(read()), encoding="utf-8")
