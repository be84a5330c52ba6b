"""Start a worker: settings, logs, run. Start more of it to do more."""

import asyncio
import sys

from service.logs import set_up_logs
from service.settings import read_settings
from service.wiring import run_worker
from tactful.errors import TactfulError


def main() -> int:
    """Run a worker until it is told to stop; return the exit code."""
    try:
        settings = read_settings()
        set_up_logs(settings.log_format, settings.log_level)
        asyncio.run(run_worker(settings))
    except TactfulError as error:
        print(f"worker: {error}", file=sys.stderr)  # noqa: T201 - what the person who started it sees
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
