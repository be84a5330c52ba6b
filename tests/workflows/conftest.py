"""A house in virtual time with the florist published, for every test of the steps."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tactful.strategy.folder import read_folder
from tests.virtual import VirtualHouse, for_everybody, virtual_house

FLORIST = Path(__file__).parents[2] / "strategies" / "florist"


@pytest.fixture
async def house(temporal_test_server_path: Path, database_url: str) -> AsyncGenerator[VirtualHouse]:
    """An empty house on a Monday at nine in London."""
    async with virtual_house(temporal_test_server_path, database_url) as opened:
        await opened.until_monday()
        await opened.publish(for_everybody(read_folder(FLORIST)))
        yield opened
