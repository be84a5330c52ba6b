"""The connector keeps the contract: the conformance kit says so."""

import asyncio

from tactful_telnyx.case import CASE

from tactful.conformance import certify


def test_it_keeps_the_contract() -> None:
    certificate = asyncio.run(certify(CASE))
    assert [f"{check.group}: {check.name}: {check.why}" for check in certificate.failed] == []
    assert certificate.passed
