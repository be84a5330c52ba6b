"""The guard: nothing but the public internet is connected to, by the address that is really connected to."""

from __future__ import annotations

import time
from ipaddress import ip_address

import pytest
from pydantic import ValidationError

from tactful.conformance.provider import provider, say
from tactful.connector import Fault, SendFault
from tactful.connector.http import GuardedConfig, Request
from tactful.connector.http.guard import Guard, is_public, public_addresses
from tactful.connector.http.line import Line


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_what_is_public_may_be_called(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.2.1",
        "240.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)
def test_what_is_not_public_may_not_be_called(address: str) -> None:
    assert not is_public(ip_address(address))


async def test_a_name_that_leads_home_is_refused_when_it_is_resolved() -> None:
    with pytest.raises(SendFault, match="private address") as caught:
        await public_addresses("localhost", 443)
    assert caught.value.fault is Fault.CONFIG
    with pytest.raises(SendFault, match="private address"):
        await Guard().connect_tcp("127.0.0.1", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "0", "127.1"])
async def test_no_byte_reaches_a_private_address_however_it_is_written(host: str) -> None:
    async with provider(lambda _: say(200, '{"id":"m-1"}')) as there:
        port = there.base_url.rpartition(":")[2]
        line = Line(GuardedConfig(base_url=f"https://{host}:{port}"))
        with pytest.raises(SendFault) as caught:
            await line.exchange(Request.json("/", {}), deadline=time.monotonic() + 5)
        await line.aclose()
    assert (caught.value.fault, there.received) == (Fault.CONFIG, [])


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"base_url": "http://fleur.example/hook"}, "https://"),
        ({"base_url": "https://fleur.example/hook", "proxy": "http://proxy.example"}, "proxy"),
        ({"base_url": "https://ada:secret@fleur.example/hook"}, "login"),
    ],
)
def test_a_configuration_that_could_not_be_guarded_is_refused(settings: dict[str, str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        GuardedConfig.model_validate(settings)


async def test_what_is_allowed_to_be_private_is_called() -> None:
    async with provider(lambda _: say(200)) as there:
        line = Line(GuardedConfig(base_url=there.base_url, allow_private=True))
        answer = await line.exchange(Request.json("/", {}), deadline=time.monotonic() + 5)
        await line.aclose()
    assert (answer.status, len(there.received)) == (200, 1)
