"""Health, and what callers are told when a part is not well: 503, when to try again, and nothing half written."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from database import holds
from database.engine import Database
from service.embedded.postgres import PostgresServer
from tactful.wire.answers import PartOfHealth
from tests.integration.doors.conftest import Doors, Serve, refusal_of

pytestmark = pytest.mark.integration


def parts_of(answer: httpx.Response) -> dict[str, dict[str, object]]:
    return {part["name"]: part for part in answer.json()["parts"]}


def test_all_is_well(doors: Doors) -> None:
    answer = doors.get("/healthz")
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    assert set(parts_of(answer)) == {"database", "schema", "outbox", "strategies"}


def test_words_that_nobody_takes_to_temporal_are_noticed(doors: Doors) -> None:
    doors.identify("ada")
    doors.post("/v1/track", {"userId": "ada", "event": "customer.registered"})
    assert doors.get("/healthz").status_code == 200
    doors.clock.pass_time(timedelta(minutes=2))
    answer = doors.get("/healthz")
    assert answer.status_code == 503
    assert "worker" in str(parts_of(answer)["outbox"]["what_to_do"])
    assert answer.json()["outbox_waiting"] == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DELETE FROM tactful.served_versions; UPDATE tactful.alembic_version SET version_num = '9999'", "newer"),
        ("DROP SCHEMA tactful CASCADE", "no tables"),
    ],
)
def test_tables_of_another_version_are_noticed(doors: Doors, change: str, told: str) -> None:
    doors.database.run(lambda c: c.exec_driver_sql(change))
    answer = doors.get("/healthz")
    assert answer.status_code == 503
    assert told in str(parts_of(answer)["schema"]["sentence"])
    ready = doors.get("/readyz")
    assert ready.status_code == 503
    assert parts_of(ready)["schema"] == parts_of(answer)["schema"]


def test_requests_are_sent_here_whatever_holds_messages_up(doors: Doors) -> None:
    """A provider that is held, or a Temporal that is gone, calls a person; it takes no web out of service."""
    doors.identify("ada")
    doors.post("/v1/track", {"userId": "ada", "event": "customer.registered"})
    now = doors.clock()
    until = now + timedelta(hours=1)
    doors.database.run(lambda c: holds.hold_found(c, "smtp", "config", "no log-in", until=until, now=now))
    doors.clock.pass_time(timedelta(minutes=2))
    told = parts_of(doors.get("/healthz"))
    assert (doors.get("/healthz").status_code, told["connectors"]["ok"], told["outbox"]["ok"]) == (503, False, False)
    ready = doors.get("/readyz")
    assert (ready.status_code, ready.json()["ok"]) == (200, True)
    assert set(parts_of(ready)) == {"database", "schema"}


@pytest.mark.parametrize(
    ("failing", "fault", "status", "said"),
    [
        (None, None, 200, "relay: last worked"),
        (timedelta(minutes=2), "transient", 200, "cannot be asked since"),
        (timedelta(minutes=20), "transient", 503, "(transient), has not worked yet"),
        (timedelta(minutes=2), "config", 503, "(config)"),
    ],
)
def test_a_provider_that_cannot_be_asked_is_noticed(
    doors: Doors, failing: timedelta | None, fault: str | None, status: int, said: str
) -> None:
    now = doors.clock()
    with doors.database.engine.begin() as conn:
        conn.execute(
            sa.text("INSERT INTO connector_polls VALUES ('relay', NULL, :now, :now, :worked, :since, :fault)"),
            {
                "now": now,
                "worked": None if failing else now,
                "since": now - failing if failing else None,
                "fault": fault,
            },
        )
    answer = doors.get("/healthz")
    assert answer.status_code == status
    assert said in str(parts_of(answer)["polls"]["sentence"])
    doors.clock.pass_time(timedelta(hours=2))
    assert "polls" not in parts_of(doors.get("/healthz")), "it is configured no more"


def test_a_provider_that_is_asked_again_tomorrow_is_not_forgotten_meanwhile(doors: Doors) -> None:
    now = doors.clock()
    row = {"asked_at": now, "due_at": now + timedelta(days=1), "since": now}
    with doors.database.engine.begin() as conn:
        told = "INSERT INTO connector_polls VALUES ('relay', NULL, :asked_at, :due_at, NULL, :since, 'config')"
        conn.execute(sa.text(told), row)
    doors.clock.pass_time(timedelta(hours=23))
    assert parts_of(doors.get("/healthz"))["polls"]["ok"] is False
    doors.clock.pass_time(timedelta(hours=3))
    assert "polls" not in parts_of(doors.get("/healthz"))


def test_further_parts_are_told_and_one_that_breaks_is_itself_the_finding(serve: Serve) -> None:
    async def well() -> PartOfHealth:
        return PartOfHealth(name="temporal", ok=True, sentence="Temporal answers.")

    async def broken() -> PartOfHealth:
        raise OSError("no route")

    with serve(checks={"temporal": well, "moon": broken}) as url:
        answer = httpx.get(f"{url}/healthz")
    assert answer.status_code == 503
    assert parts_of(answer)["temporal"]["ok"] is True
    assert parts_of(answer)["moon"]["sentence"] == "moon could not be looked at (OSError)."


@pytest.mark.slow
def test_a_database_that_is_down_is_503_everywhere_and_all_goes_on_when_it_is_back(
    serve: Serve, own_postgres_server: PostgresServer
) -> None:
    database = Database(own_postgres_server.database_url)
    try:
        with serve(behind=database) as url:
            own_postgres_server.kill()
            answer = httpx.post(f"{url}/v1/identify", json={"userId": "ada"}, timeout=30)
            refusal_of(answer, 503, "database_down")
            assert int(answer.headers["Retry-After"]) > 0
            health = httpx.get(f"{url}/healthz", timeout=30)
            assert health.status_code == 503
            assert parts_of(health)["database"]["ok"] is False
            assert httpx.get(f"{url}/readyz", timeout=30).status_code == 503
            page = httpx.get(f"{url}/console/customers", timeout=30)
            assert (page.status_code, page.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
            own_postgres_server.start()
            assert httpx.get(f"{url}/healthz", timeout=30).json()["parts"][0]["ok"] is True
            assert parts_of(httpx.get(f"{url}/readyz", timeout=30))["database"]["ok"] is True
    finally:
        database.close()


@pytest.mark.parametrize(
    ("sqlstate", "code"), [("53100", "database_full"), ("53200", "database_full"), ("40001", "database_busy")]
)
def test_a_database_that_is_full_or_too_busy_is_503_and_nothing_is_half_written(
    doors: Doors, sqlstate: str, code: str
) -> None:
    """The database itself says so: here by a trigger, in life by its disk."""
    doors.identify("ada")
    refuse = (
        "CREATE FUNCTION tactful.refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{sqlstate}'; END $$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON tactful.outbox FOR EACH ROW EXECUTE FUNCTION tactful.refuse()"
    )
    doors.database.run(lambda c: c.exec_driver_sql(refuse))
    answer = doors.post("/v1/track", {"userId": "ada", "event": "customer.registered"})
    refusal_of(answer, 503, code)
    assert int(answer.headers["Retry-After"]) > 0
    assert (doors.count("events"), doors.count("journeys")) == (0, 0)
