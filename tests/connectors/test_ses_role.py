"""The credentials of a machine's role: asked for as AWS's own library asks, used until they end, never by accident."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ContainerProvider
from botocore.credentials import Credentials as TheirCredentials
from botocore.utils import ContainerMetadataFetcher, InstanceMetadataFetcher
from pydantic import ValidationError

from connectors.email.ses import Ses, SesConfig
from connectors.email.ses.role import Container, Instance, source_of, token_of
from connectors.email.ses.sigv4 import Credentials
from tactful.conformance.provider import Act, Received, Say, provider, say
from tactful.connector import Accepted, Fault, Ports, SendFault, send
from tactful.connector.http import Answer, HttpConfig, Token
from tactful.connector.http.line import Line
from tests.connectors.conftest import email_message

REGION, ROLE, SESSION = "eu-west-1", "tactful-sends", "a-session-of-the-metadata-service=="
ENDS = "2126-11-22T18:00:00Z"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEYS = {
    "Code": "Success",
    "LastUpdated": "2026-11-22T11:30:00Z",
    "Type": "AWS-HMAC",
    "AccessKeyId": "ASIAIOSFODNN7EXAMPLE",
    "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "Token": "a-long-session-token//==",
    "Expiration": ENDS,
}
"""As docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html shows them."""
TAKEN = say(200, json.dumps({"MessageId": "m-1"}))


def instance(keys: Mapping[str, object] = KEYS) -> Callable[[Received], Act]:
    """Return the metadata service of an instance, version 2 alone."""

    def answers(received: Received) -> Act:
        if (received.method, received.path) == ("PUT", "/latest/api/token"):
            return say(200, SESSION) if "x-aws-ec2-metadata-token-ttl-seconds" in received.headers else say(400)
        if received.headers.get("x-aws-ec2-metadata-token") != SESSION:
            return say(401)
        roles = "/latest/meta-data/iam/security-credentials/"
        return {roles: say(200, ROLE), roles + ROLE: say(200, json.dumps(keys))}.get(received.path, say(404))

    return answers


def seen(received: Received) -> tuple[object, ...]:
    """Return what of a request counts."""
    names = ("x-aws-ec2-metadata-token", "x-aws-ec2-metadata-token-ttl-seconds", "authorization", "accept")
    counting = {name: received.headers.get(name) for name in names if name != "accept" or "creds" in received.path}
    return received.method, received.path, counting, received.content


async def had(environ: Mapping[str, str]) -> Token:
    line = Line(HttpConfig(base_url="http://127.0.0.1:1"))
    try:
        deadline = time.monotonic() + 10
        return await token_of(source_of(environ), lambda request: line.exchange(request, deadline=deadline), NOON)
    finally:
        await line.aclose()


async def test_an_instance_is_asked_as_awss_own_library_asks_it() -> None:
    async with provider(instance()) as there:
        ours = await had({"AWS_EC2_METADATA_SERVICE_ENDPOINT": there.base_url + "/"})
        asked = [seen(one) for one in there.received]
        fetcher = InstanceMetadataFetcher(base_url=there.base_url, env={})
        theirs = await asyncio.to_thread(fetcher.retrieve_iam_role_credentials)
        assert asked == [seen(one) for one in there.received[len(asked) :]]
    assert len(asked) == 3
    who = Credentials.of(ours.value)
    assert who.session_token is not None
    said = (who.access_key_id, who.secret_access_key.get_secret_value(), who.session_token.get_secret_value())
    assert said == (theirs["access_key"], theirs["secret_key"], theirs["token"])
    assert ours.good_for == datetime(2126, 11, 22, 18, tzinfo=UTC) - NOON


@pytest.mark.parametrize("by", ["file", "variable", "nothing"])
async def test_a_container_is_asked_as_awss_own_library_asks_it(by: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("a-token-of-the-pod")
    proof = {
        "file": {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file), "AWS_CONTAINER_AUTHORIZATION_TOKEN": "older"},
        "variable": {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic a-token-of-the-task"},
        "nothing": {},
    }[by]
    async with provider(lambda _: say(200, json.dumps(KEYS))) as there:
        environ = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{there.base_url}/v2/creds?id=1", **proof}
        ours = Credentials.of((await had(environ)).value)
        theirs = await asyncio.to_thread(ContainerProvider(environ, ContainerMetadataFetcher()).load)
        first, second = (seen(one) for one in there.received)
    assert first == second
    assert theirs is not None
    assert ours.access_key_id == theirs.access_key
    assert ours.secret_access_key.get_secret_value() == theirs.secret_key


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.170.2/creds",
        "http://169.254.170.23/v1/credentials",
        "http://[fd00:ec2::23]/v1/credentials",
        "http://localhost:8080/creds",
        "http://127.0.0.9/creds",
        "http://[::1]/creds",
        "https://anywhere.example/creds",
        "http://anywhere.example/creds",
        "http://169.254.170.2.evil.example/creds",
        "http://169.254.169.254/latest/",
        "http://10.0.0.1/creds",
    ],
)
def test_a_containers_endpoint_may_be_where_awss_own_library_lets_it_be(url: str) -> None:
    try:
        ContainerMetadataFetcher()._validate_allowed_url(url)
        allowed = True
    except ValueError:
        allowed = False
    if allowed:
        assert source_of({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url}) == Container(url)
    else:
        with pytest.raises(ValueError, match="FULL_URI must be"):
            source_of({"AWS_CONTAINER_CREDENTIALS_FULL_URI": url})


def test_the_environment_says_where_the_role_is_had() -> None:
    relative = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x", "AWS_EC2_METADATA_DISABLED": "true"}
    assert source_of(relative) == Container("http://169.254.170.2/v2/credentials/x")
    assert source_of({}) == Instance("http://169.254.169.254")
    assert source_of({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}) == Instance("http://[fd00:ec2::254]")
    for wrong in (
        {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": ".evil.example/"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "ftp://localhost/x"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://[::1/x"},
        {"AWS_EC2_METADATA_DISABLED": "True"},
    ):
        with pytest.raises(ValueError, match="AWS_"):
            source_of(wrong)


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role"}, Fault.CONFIG),
        (KEYS | {"Expiration": "2026-11-22T11:59:59Z"}, Fault.TRANSIENT),
        (KEYS | {"Expiration": "soon"}, Fault.TRANSIENT),
    ],
)
async def test_credentials_that_are_none_or_have_ended_are_not_used(keys: Mapping[str, object], fault: Fault) -> None:
    async with provider(instance(keys)) as there:
        with pytest.raises(SendFault) as caught:
            await had({"AWS_EC2_METADATA_SERVICE_ENDPOINT": there.base_url})
    assert caught.value.fault is fault


@pytest.mark.parametrize(("status", "fault"), [(404, Fault.CONFIG), (403, Fault.CONFIG), (429, Fault.THROTTLED)])
async def test_a_machine_without_a_role_is_a_matter_of_configuration(status: int, fault: Fault) -> None:
    async with provider(lambda _: say(status)) as there:
        with pytest.raises(SendFault) as caught:
            await had({"AWS_CONTAINER_CREDENTIALS_FULL_URI": there.base_url})
    assert caught.value.fault is fault


async def test_a_token_file_that_cannot_be_read_is_named() -> None:
    environ = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/x"}
    with pytest.raises(SendFault, match="cannot be read") as caught:
        await had(environ | {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/not/there"})
    assert caught.value.fault is Fault.CONFIG


async def test_what_the_role_signs_is_what_awss_own_library_signs_with_what_it_was_given() -> None:
    async with provider(instance()) as there:
        token = (await had({"AWS_EC2_METADATA_SERVICE_ENDPOINT": there.base_url})).value
        fetcher = InstanceMetadataFetcher(base_url=there.base_url, env={})
        given = await asyncio.to_thread(fetcher.retrieve_iam_role_credentials)
    connector = by_role("https://email.eu-west-1.amazonaws.com")
    request = connector.build(email_message())
    theirs = AWSRequest("POST", connector.config.base_url + request.path, request.headers, request.content)
    keys = TheirCredentials(given["access_key"], given["secret_key"], given["token"])
    SigV4Auth(keys, "ses", REGION).add_auth(theirs)
    at = datetime.strptime(theirs.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = connector.with_token(request, at, token).headers
    assert ours["Authorization"] == theirs.headers["Authorization"]
    assert ours["X-Amz-Security-Token"] == theirs.headers["X-Amz-Security-Token"] == KEYS["Token"]


def by_role(base_url: str, **config: object) -> Ses:
    given = {"region": REGION, "credentials": "role", "base_url": base_url, **config}
    return Ses(SesConfig.model_validate(given), Ports(deliver=lambda _: ""))


async def test_mail_is_signed_by_the_role_and_its_credentials_are_asked_for_anew_when_they_are_spent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spent = Answer(403, {"x-amzn-errortype": "ExpiredTokenException"}, b"{}")
    answers = iter([TAKEN, TAKEN, Say(spent), TAKEN])
    ended: list[object] = []
    async with provider(instance()) as machine, provider(lambda _: next(answers)) as there:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.base_url)
        connector = by_role(there.base_url)
        for _ in range(4):
            try:
                ended.append(await send(connector, email_message(), deadline=time.monotonic() + 10))
            except SendFault as fault:
                ended.append(fault.fault)
        await connector.aclose()
    assert ended == [Accepted("m-1"), Accepted("m-1"), Fault.TRANSIENT, Accepted("m-1")]
    assert len(machine.received) == 6, "three calls for the first two mails, three when the credentials were spent"
    assert {one.headers["x-amz-security-token"] for one in there.received} == {KEYS["Token"]}
    assert all(KEYS["AccessKeyId"] in one.headers["authorization"] for one in there.received)


async def test_what_is_asked_on_the_machine_goes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with provider(instance()) as machine:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.base_url)
        connector = by_role("http://127.0.0.1:1", proxy="http://127.0.0.1:1")
        with pytest.raises(SendFault):
            await send(connector, email_message(), deadline=time.monotonic() + 10)
        await connector.aclose()
        assert len(machine.received) == 3


async def test_without_a_role_nothing_is_sent_and_nothing_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    async with provider(lambda _: say(404)) as machine, provider(lambda _: TAKEN) as there:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.base_url)
        connector = by_role(there.base_url)
        with pytest.raises(SendFault) as caught:
            await send(connector, email_message(), deadline=time.monotonic() + 10)
        await connector.aclose()
        assert there.received == []
    assert (caught.value.fault, caught.value.code) == (Fault.CONFIG, "token: role: 404")


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({}, 'or credentials = "role"'),
        ({"access_key_id": "AKIAIOSFODNN7EXAMPLE"}, 'or credentials = "role"'),
        ({"credentials": "role", "secret_access_key": "a-secret-of-ours"}, "not both"),
        ({"credentials": "guess"}, "role"),
    ],
)
def test_a_role_is_used_only_where_it_is_said(
    config: dict[str, str], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/creds")
    with pytest.raises(ValidationError, match=why) as caught:
        SesConfig.model_validate({"region": REGION, **config})
    assert "a-secret-of-ours" not in str(caught.value)


def test_a_role_that_is_nowhere_is_said_when_it_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ValidationError, match="AWS_EC2_METADATA_DISABLED"):
        by_role("https://email.eu-west-1.amazonaws.com")
