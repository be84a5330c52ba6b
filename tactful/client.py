"""A client of Tactful's HTTP API: typed calls in, typed answers out, failures told apart.

    with TactfulClient("http://127.0.0.1:8080", token=…) as tactful:
        tactful.identify("ada", {"email": "ada@fleur.example"})
        tactful.track("ada", "customer.registered")

It tries again only where the server cannot have heard anything: when no connection came about. Every message carries an
id, so that sending one again by hand is harmless too.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
from pydantic import BaseModel, SecretStr, ValidationError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from tactful.errors import TactfulError
from tactful.wire.answers import (
    BatchAnswer,
    ContactAnswer,
    CustomerAnswer,
    ErrorAnswer,
    FeedAnswer,
    HealthAnswer,
    PublishAnswer,
    Refusal,
    StrategiesAnswer,
    Taken,
    TimelineAnswer,
)
from tactful.wire.audit import AUDIT_LINE, AuditLine, BrokenOffLine, SummaryLine
from tactful.wire.calls import CallAnswer, CallsAnswer, Outcome, Which
from tactful.wire.campaigns import CampaignAnswer, CampaignPreview, CampaignsAnswer
from tactful.wire.connectors import ConnectorAnswer, ConnectorsAnswer
from tactful.wire.costs import CostsAnswer
from tactful.wire.explanation import ExplanationAnswer
from tactful.wire.sends import (
    ActAnswer,
    OneBody,
    RestartAnswer,
    RetryAnswer,
    RetryBody,
    SendsAnswer,
    SendsListAnswer,
    SettleBody,
)
from tactful.wire.suppressions import LiftBody, LiftedAnswer, SuppressBody, SuppressedAnswer, SuppressionsAnswer
from tactful.wire.sweeping import SweepAnswer

A = TypeVar("A", bound=BaseModel)

DEFAULT_SERVER: Final = "http://127.0.0.1:8080"
PATIENCE: Final = timedelta(seconds=30)
CONNECT_SECONDS: Final = 5.0
ATTEMPTS: Final = 3
UNAVAILABLE: Final = 503
_AT_LENGTH: Final = httpx.Timeout(15 * 60.0, connect=CONNECT_SECONDS)
"""Between two lines of an audit, which looks at everything."""


class ClientError(TactfulError):
    """A call to the API did not give what was asked for."""


class UnreachableError(ClientError):
    """No server was reached, or it went away; says where it was looked for."""


class RefusedByServerError(ClientError):
    """The server refused: what was asked is not possible as it stands.

    Attributes:
        status: The HTTP status.
        refusals: Everything that was wrong.
    """

    def __init__(self, status: int, refusals: Iterable[Refusal]) -> None:
        self.status = status
        self.refusals = tuple(refusals)
        super().__init__("\n".join(_told(refusal) for refusal in self.refusals))


class UnavailableError(RefusedByServerError):
    """The server cannot do its part just now (503): sending the same again later is right."""


class TactfulClient:
    """Calls of the API, one connection kept open. Close it, or use it in a `with` block."""

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        *,
        token: SecretStr | None = None,
        patience: timedelta = PATIENCE,
        http: httpx.Client | None = None,
    ) -> None:
        """Prepare to call `server`; nothing is connected yet.

        Args:
            server: Where the API is, without `/v1`.
            token: What the server calls TACTFUL_API_TOKEN.
            patience: How long one call may take.
            http: A client to use in place of one of its own, for tests and proxies.
        """
        self.server = server.rstrip("/")
        timeout = httpx.Timeout(patience.total_seconds(), connect=CONNECT_SECONDS)
        self._http = http or httpx.Client(timeout=timeout, follow_redirects=False)
        self._headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token is not None else {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def identify(
        self,
        user_id: str,
        traits: Mapping[str, object] | None = None,
        *,
        opt_ins: Iterable[Mapping[str, object]] = (),
        timestamp: datetime | None = None,
        message_id: str | None = None,
    ) -> Taken:
        """Tell facts about a customer.

        Raises:
            ClientError: It was not taken in.
        """
        body = {"userId": user_id, "traits": dict(traits or {}), "optIns": [dict(one) for one in opt_ins]}
        return self._call("POST", "/v1/identify", Taken, body=body | _stamp(timestamp, message_id))

    def track(
        self,
        user_id: str,
        event: str,
        properties: Mapping[str, object] | None = None,
        *,
        timestamp: datetime | None = None,
        message_id: str | None = None,
    ) -> Taken:
        """Tell of something a customer did.

        Raises:
            ClientError: It was not taken in.
        """
        body: dict[str, object] = {"userId": user_id, "event": event, "properties": dict(properties or {})}
        return self._call("POST", "/v1/track", Taken, body=body | _stamp(timestamp, message_id))

    def import_batch(
        self,
        batch: Iterable[Mapping[str, object]],
        *,
        historical: bool = False,
        create_customers: bool = False,
        dry_run: bool = False,
    ) -> BatchAnswer:
        """Tell up to 500 messages of the past at once; each has its own answer.

        Raises:
            ClientError: The batch as a whole was not taken.
        """
        body = {
            "batch": list(batch),
            "historical": historical,
            "createCustomers": create_customers,
            "dryRun": dry_run,
        }
        return self._call("POST", "/v1/import", BatchAnswer, body=body)

    def make_contact(
        self,
        user_id: str,
        communication: str,
        *,
        step: str | None = None,
        strategy: str | None = None,
        properties: Mapping[str, object] | None = None,
        request_key: str | None = None,
        wait: timedelta | None = None,
    ) -> ContactAnswer:
        """Have this contact made for this customer; `decided` says whether the answer is the verdict.

        Args:
            user_id: The customer.
            communication: What to say.
            step: The step that says it, where several do.
            strategy: The strategy, where several are published.
            properties: What its template needs.
            request_key: The same key again is the same contact. Made up where it is missing.
            wait: How long to wait for the verdict; the server's own patience where it is missing.

        Raises:
            ClientError: The contact was not taken in.
        """
        body: dict[str, object] = {
            "userId": user_id,
            "communication": communication,
            "properties": dict(properties or {}),
            "requestKey": request_key or str(uuid4()),
        }
        body |= {name: value for name, value in (("step", step), ("strategy", strategy)) if value is not None}
        query = {} if wait is None else {"wait": str(wait.total_seconds())}
        return self._call("POST", "/v1/contacts", ContactAnswer, body=body, query=query)

    def contact(self, contact_key: UUID) -> ContactAnswer:
        """Return one contact.

        Raises:
            ClientError: There is none of that key.
        """
        return self._call("GET", f"/v1/contacts/{contact_key}", ContactAnswer)

    def explain(self, contact_key: UUID) -> ExplanationAnswer:
        """Return what became of a contact, and why.

        Raises:
            ClientError: There is none of that key.
        """
        return self._call("GET", f"/v1/contacts/{contact_key}/explanation", ExplanationAnswer)

    def explain_communication(
        self, customer_id: str, communication: str, *, step: str | None = None, strategy: str | None = None
    ) -> ExplanationAnswer:
        """Return why a customer got a communication or not, also where it never came about.

        Raises:
            ClientError: Nobody is known by that id, or nothing of that name was ever published.
        """
        query = {"communication": communication}
        query |= {name: value for name, value in (("step", step), ("strategy", strategy)) if value is not None}
        path = f"/v1/customers/{quote(customer_id, safe='')}/explanation"
        return self._call("GET", path, ExplanationAnswer, query=query)

    def contacts_after(self, after: str | None = None, *, limit: int = 100) -> FeedAnswer:
        """Return the contacts that changed since `after`, the `next` of the answer before; a change may come twice."""
        query = {"limit": str(limit)} | ({"after": after} if after is not None else {})
        return self._call("GET", "/v1/contacts", FeedAnswer, query=query)

    def customer(self, customer_id: str) -> CustomerAnswer:
        """Return a customer's profile, consents and journeys.

        Raises:
            ClientError: Nobody is known by that id.
        """
        return self._call("GET", f"/v1/customers/{quote(customer_id, safe='')}", CustomerAnswer)

    def timeline(self, customer_id: str, *, before: str | None = None, limit: int = 100) -> TimelineAnswer:
        """Return a page of a customer's story, the newest first; `before` is the `next` of the page before.

        Raises:
            ClientError: Nobody is known by that id.
        """
        query = {"limit": str(limit)} | ({"before": before} if before is not None else {})
        return self._call("GET", f"/v1/customers/{quote(customer_id, safe='')}/timeline", TimelineAnswer, query=query)

    def suppress(self, body: SuppressBody) -> SuppressedAnswer:
        """Tell a standing no to a customer or an address.

        Raises:
            ClientError: It was not taken.
        """
        return self._call("POST", "/v1/suppressions", SuppressedAnswer, body=_as_body(body))

    def lift_suppressions(self, body: LiftBody) -> LiftedAnswer:
        """Lift what stands against a customer or an address, as far as it is named.

        Raises:
            ClientError: It was not done.
        """
        return self._call("POST", "/v1/suppressions/lift", LiftedAnswer, body=_as_body(body))

    def suppressions(
        self, customer_id: str | None = None, *, channel: str | None = None, address: str | None = None
    ) -> SuppressionsAnswer:
        """Return what was told against a customer and their addresses, or against one address, the newest first.

        Raises:
            ClientError: Nobody is known by that id, or the address is none.
        """
        asked = {"customer": customer_id, "channel": channel, "address": address}
        query = {name: value for name, value in asked.items() if value is not None}
        return self._call("GET", "/v1/suppressions", SuppressionsAnswer, query=query)

    def calls(self, *, state: Which = "all", by: str | None = None, after: str | None = None) -> CallsAnswer:
        """Return the calls that people are to make, those that wait longest first, 200 at most.

        Args:
            state: All of them, those that are open, or those that somebody has.
            by: Only those that this person took.
            after: The `next` of the answer before.
        """
        asked = {"state": state, "by": by, "after": after}
        return self._call("GET", "/v1/calls", CallsAnswer, query={k: v for k, v in asked.items() if v is not None})

    def take_call(self, task_key: UUID, *, by: str) -> CallAnswer:
        """Take a call: for an hour it is nobody else's.

        Raises:
            ClientError: There is none of that key, somebody else has it, or it is over.
        """
        return self._call("POST", f"/v1/calls/{task_key}/take", CallAnswer, body={"by": by})

    def give_back_call(self, task_key: UUID, *, by: str) -> CallAnswer:
        """Give a call back: anybody may take it again.

        Raises:
            ClientError: There is none of that key, somebody else has it, or it is over.
        """
        return self._call("POST", f"/v1/calls/{task_key}/give-back", CallAnswer, body={"by": by})

    def finish_call(self, task_key: UUID, outcome: Outcome, *, by: str, note: str | None = None) -> CallAnswer:
        """Say what came of a call, with a note for whoever reads the customer's story.

        Raises:
            ClientError: There is none of that key, somebody else has it, or it is over.
        """
        return self._call(
            "POST", f"/v1/calls/{task_key}/finish", CallAnswer, body={"by": by, "outcome": outcome, "note": note}
        )

    def publish(self, files: Mapping[str, str], *, note: str | None = None) -> PublishAnswer:
        """Publish a strategy folder, given as texts by path.

        Raises:
            ClientError: It has mistakes; `refusals` has them all.
        """
        return self._call("POST", "/v1/strategies", PublishAnswer, body={"files": dict(files), "note": note})

    def strategies(self) -> StrategiesAnswer:
        """Return the published strategies, and what they declare."""
        return self._call("GET", "/v1/strategies", StrategiesAnswer)

    def audit(self, *, since: datetime | None = None, strategy: str | None = None) -> Generator[AuditLine]:
        """Yield the lines of an audit as they come: progress, findings, and the summary last.

        Args:
            since: Judge claims from this instant on only.
            strategy: Judge contacts of this strategy only.

        Raises:
            ClientError: The audit was refused, or broke off before its summary.
        """
        query = {"since": since.isoformat()} if since is not None else {}
        query |= {"strategy": strategy} if strategy is not None else {}
        url = f"{self.server}/v1/audit"
        with (
            self._reached(),
            self._http.stream("GET", url, params=query, headers=self._headers, timeout=_AT_LENGTH) as answer,
        ):
            if not answer.is_success:
                answer.read()
                raise _refused(answer)
            for said in answer.iter_lines():
                line = self._line(said, answer)
                if isinstance(line, BrokenOffLine):
                    raise UnreachableError(line.message)
                yield line
                if isinstance(line, SummaryLine):
                    return
        raise UnreachableError(f"The audit of {self.server} broke off before its end; begin it again.")

    def connectors(self) -> ConnectorsAnswer:
        """Return every connector and how it stands."""
        return self._call("GET", "/v1/connectors", ConnectorsAnswer)

    def hold_connector(self, connector: str, *, why: str, asked_by: str, until: str | None = None) -> ConnectorAnswer:
        """Have nothing more sent by a connector, until a time or until it is resumed.

        Raises:
            ClientError: There is none of that name, or the time is none.
        """
        path = f"/v1/connectors/{quote(connector, safe='')}/hold"
        return self._call("POST", path, ConnectorAnswer, body={"why": why, "asked_by": asked_by, "until": until})

    def resume_connector(self, connector: str, *, asked_by: str) -> ConnectorAnswer:
        """Have a held connector tried again now.

        Raises:
            ClientError: There is none of that name.
        """
        path = f"/v1/connectors/{quote(connector, safe='')}/resume"
        return self._call("POST", path, ConnectorAnswer, body={"asked_by": asked_by})

    def sweep(self) -> SweepAnswer:
        """Return what the last sweep found."""
        return self._call("GET", "/v1/sweep", SweepAnswer)

    def ask_for_sweep(self, *, repairs: bool, asked_by: str) -> SweepAnswer:
        """Have a worker sweep now, and repair what it finds where wanted; the answer is the sweep before."""
        return self._call("POST", "/v1/sweep", SweepAnswer, body={"repairs": repairs, "asked_by": asked_by})

    def preview_campaign(self, strategy: str, step: str, *, at: str | None = None) -> CampaignPreview:
        """Return what sending a campaign would come to as things stand. Nothing is begun.

        Raises:
            ClientError: There is no such campaign, or it cannot be sent.
        """
        body = {"strategy": strategy, "step": step, "at": at}
        return self._call("POST", "/v1/campaigns/preview", CampaignPreview, body=body)

    def send_campaign(
        self,
        strategy: str,
        step: str,
        *,
        at: str | None = None,
        request_key: str | None = None,
        asked_by: str = "client",
        rate: int | None = None,
    ) -> CampaignAnswer:
        """Send a campaign to its audience; asked twice, it is sent once, and `new` says so.

        Args:
            strategy: The strategy.
            step: Its campaign.
            at: When it begins: `now`, a local moment or an instant; the strategy's own moment where it is missing.
            request_key: Another one sends a further lot to whoever is in the audience by now and was not before.
            asked_by: Who wants it.
            rate: Most contacts a second.

        Raises:
            ClientError: There is no such campaign, or it cannot be sent.
        """
        body = {"strategy": strategy, "step": step, "at": at, "requestKey": request_key}
        body |= {"askedBy": asked_by, "rate": rate}
        return self._call("POST", "/v1/campaigns", CampaignAnswer, body=body)

    def campaign(self, lot_key: UUID) -> CampaignAnswer:
        """Return how far a campaign is.

        Raises:
            ClientError: There is none of that key.
        """
        return self._call("GET", f"/v1/campaigns/{lot_key}", CampaignAnswer)

    def campaigns(self, *, limit: int = 20) -> CampaignsAnswer:
        """Return the newest campaigns, the newest first."""
        return self._call("GET", "/v1/campaigns", CampaignsAnswer, query={"limit": str(limit)})

    def costs(
        self,
        *,
        since: str | None = None,
        until: str | None = None,
        connector: str | None = None,
        strategy: str | None = None,
    ) -> CostsAnswer:
        """Return what messages cost that were handed over in a period: the month so far, where none is named.

        Args:
            since: A day, from its beginning in UTC, or an instant.
            until: A day, to its end in UTC, or an instant.
            connector: Only by this one.
            strategy: Only of this one.

        Raises:
            ClientError: It is no period, or longer than a year.
        """
        asked = {"from": since, "to": until, "connector": connector, "strategy": strategy}
        query = {name: value for name, value in asked.items() if value is not None}
        return self._call("GET", "/v1/costs", CostsAnswer, query=query)

    def stop_campaign(self, lot_key: UUID) -> CampaignAnswer:
        """Stop a campaign; what is being sent finishes.

        Raises:
            ClientError: There is none of that key, or it is done.
        """
        return self._call("POST", f"/v1/campaigns/{lot_key}/stop", CampaignAnswer)

    def resume_campaign(self, lot_key: UUID) -> CampaignAnswer:
        """Have a stopped campaign go on.

        Raises:
            ClientError: There is none of that key, or it is done.
        """
        return self._call("POST", f"/v1/campaigns/{lot_key}/resume", CampaignAnswer)

    def health(self) -> HealthAnswer:
        """Return how every part is doing, also when not all are well."""
        answer = self._send("GET", "/healthz", None, {})
        return self._read(answer, HealthAnswer)

    def sends(self, filters: Mapping[str, str] | None = None, *, forecast: bool = True) -> SendsAnswer:
        """Return what waits for a person, causes first, and what a retry of each would do now.

        Raises:
            ClientError: A filter is wrong.
        """
        query = dict(filters or {}) | {"forecast": "true" if forecast else "false"}
        return self._call("GET", "/v1/sends", SendsAnswer, query=query)

    def sends_list(
        self, filters: Mapping[str, str] | None = None, *, after: str | None = None, limit: int = 100
    ) -> SendsListAnswer:
        """Return a page of parked contacts, the newest first; `after` is the `next` of the page before.

        Raises:
            ClientError: A filter is wrong.
        """
        query = dict(filters or {}) | {"limit": str(limit)} | ({"after": after} if after is not None else {})
        return self._call("GET", "/v1/sends/list", SendsListAnswer, query=query)

    def retry_sends(self, body: RetryBody) -> RetryAnswer:
        """Take parked contacts up again, or say what that would do (`dry_run`).

        Raises:
            ClientError: It is not done.
        """
        return self._call("POST", "/v1/sends/retry", RetryAnswer, body=_as_body(body))

    def settle_sends(self, act: str, body: SettleBody) -> ActAnswer:
        """Do something about parked contacts: `skip`, `mark-sent` or `settle`. With `left` in the answer, ask again.

        Raises:
            ClientError: It is not done.
        """
        return self._call("POST", f"/v1/sends/{act}", ActAnswer, body=_as_body(body))

    def restart(self, lot_key: UUID) -> RestartAnswer:
        """Return how far a restart is.

        Raises:
            ClientError: There is none of that key.
        """
        return self._call("GET", f"/v1/sends/restarts/{lot_key}", RestartAnswer)

    def stop_restart(self, lot_key: UUID, body: OneBody) -> RestartAnswer:
        """Stop a restart; what is left of it is parked again.

        Raises:
            ClientError: There is none of that key.
        """
        return self._call("POST", f"/v1/sends/restarts/{lot_key}/stop", RestartAnswer, body=_as_body(body))

    def act_on_contact(self, contact_key: UUID, act: str, body: OneBody) -> ContactAnswer:
        """Do something about one parked contact: `retry`, `skip`, `mark-sent` or `settle`.

        Raises:
            ClientError: There is none of that key, or it is not possible.
        """
        return self._call("POST", f"/v1/contacts/{contact_key}/{act}", ContactAnswer, body=_as_body(body))

    def _call(
        self,
        method: str,
        path: str,
        kind: type[A],
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> A:
        answer = self._send(method, path, body, query or {})
        if answer.is_success:
            return self._read(answer, kind)
        raise _refused(answer)

    def _send(
        self, method: str, path: str, body: Mapping[str, object] | None, query: Mapping[str, str]
    ) -> httpx.Response:
        again = Retrying(
            retry=retry_if_exception_type((httpx.ConnectError, httpx.ConnectTimeout)),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=0.2, max=2),
            reraise=True,
        )
        url = f"{self.server}{path}"
        with self._reached():
            return again(self._http.request, method, url, json=body, params=dict(query), headers=self._headers)

    @contextmanager
    def _reached(self) -> Generator[None]:
        """Tell failures of a call apart."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise UnreachableError(f"No Tactful server answers at {self.server}.") from error
        except httpx.TimeoutException as error:
            msg = f"The server at {self.server} did not answer in time. What was sent may have been taken in."
            raise UnreachableError(msg) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            msg = f"The call to {self.server} broke off ({type(error).__name__}). What was sent may have been taken in."
            raise UnreachableError(msg) from error

    def _line(self, said: str, answer: httpx.Response) -> AuditLine:
        try:
            return AUDIT_LINE.validate_json(said)
        except ValidationError:
            raise self._stranger(answer) from None

    def _read(self, answer: httpx.Response, kind: type[A]) -> A:
        try:
            return kind.model_validate_json(answer.content)
        except ValidationError:
            raise self._stranger(answer) from None

    def _stranger(self, answer: httpx.Response) -> UnreachableError:
        msg = f"What answers at {self.server} is no Tactful server of this version (HTTP {answer.status_code})."
        return UnreachableError(msg)


def _stamp(timestamp: datetime | None, message_id: str | None) -> dict[str, object]:
    stamp: dict[str, object] = {"messageId": message_id or str(uuid4())}
    return stamp | ({"timestamp": timestamp.isoformat()} if timestamp is not None else {})


def _as_body(body: BaseModel) -> dict[str, Any]:
    return body.model_dump(mode="json", exclude_none=True)


def _refused(answer: httpx.Response) -> ClientError:
    try:
        told = ErrorAnswer.model_validate_json(answer.content)
    except ValidationError:
        where = str(answer.request.url.copy_with(path="/", query=None))
        return UnreachableError(f"What answers at {where} is no Tactful server (HTTP {answer.status_code}).")
    refusals = told.problems or [told.error]
    kind = UnavailableError if answer.status_code == UNAVAILABLE else RefusedByServerError
    return kind(answer.status_code, refusals)


def _told(refusal: Refusal) -> str:
    """Return a refusal as a person reads it."""
    expected = f" Right would be: {refusal.expected}." if refusal.expected else ""
    hint = f" {refusal.hint}" if refusal.hint else ""
    return f"{refusal.message}{expected}{hint}"


def as_plain(answer: BaseModel) -> dict[str, Any]:
    """Return an answer as plain values, for JSON."""
    return answer.model_dump(mode="json")
