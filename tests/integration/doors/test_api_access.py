"""Who is let in: whoever shows the token; without one this machine alone, under its own names."""

from __future__ import annotations

import base64

import httpx
import pytest
from pydantic import SecretStr

from tests.integration.doors.conftest import SECRET, Serve, refusal_of
from web.config import OpenDoorError, WebConfig

pytestmark = pytest.mark.integration
TOKEN = "a-long-token"
BEHIND = ["/v1/customers/ada", "/v1/strategies", "/v1/contacts", "/console/customers", "/console/mailbox"]


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {TOKEN}"}, basic(TOKEN, ""), basic("anybody", TOKEN)])
def test_the_token_is_shown_as_bearer_as_segments_write_key_or_as_a_browser_asks(
    serve: Serve, headers: dict[str, str]
) -> None:
    with serve(token=SecretStr(TOKEN)) as url:
        assert httpx.get(f"{url}/v1/strategies", headers=headers).status_code == 200
        assert httpx.get(f"{url}/console/customers", headers=headers).status_code == 200


@pytest.mark.parametrize("path", BEHIND)
@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer"}, {"Authorization": "Basic !"}, basic("", "")],
)
def test_without_it_nothing_is_told(serve: Serve, path: str, headers: dict[str, str]) -> None:
    with serve(token=SecretStr(TOKEN)) as url:
        answer = httpx.get(f"{url}{path}", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert TOKEN not in answer.text
    if path.startswith("/v1"):
        refusal_of(answer, 401, "unauthorised")


def test_nothing_of_a_body_is_read_before_the_caller_is_known(serve: Serve) -> None:
    with serve(token=SecretStr(TOKEN)) as url:
        refusal_of(httpx.post(f"{url}/v1/identify", content=b"{"), 401, "unauthorised")


def test_health_and_the_customers_own_pages_need_no_token(serve: Serve) -> None:
    with serve(token=SecretStr(TOKEN)) as url:
        assert httpx.get(f"{url}/healthz").status_code == 200
        assert httpx.get(f"{url}/readyz").status_code == 200
        assert httpx.get(f"{url}/u/nonsense").status_code == 404


def test_without_a_token_a_page_elsewhere_cannot_lend_its_name(serve: Serve) -> None:
    with serve() as url:
        port = url.rpartition(":")[2]
        answer = httpx.get(f"{url}/v1/strategies", headers={"Host": f"evil.example:{port}"})
        refusal_of(answer, 403, "host_not_allowed")
        assert httpx.get(f"{url}/v1/strategies", headers={"Host": f"localhost:{port}"}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "contact.fleur.example"])
def test_the_doors_do_not_stand_open_to_everybody(host: str) -> None:
    with pytest.raises(OpenDoorError, match="TACTFUL_API_TOKEN"):
        WebConfig(secret=SECRET, host=host)
    assert WebConfig(secret=SECRET, host=host, token=SecretStr(TOKEN)).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_this_machine_needs_none(host: str) -> None:
    assert WebConfig(secret=SECRET, host=host).token is None
