"""What the log says of refused hooks: enough to find a wrong secret, too little for a stranger to fill it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

import structlog

SAID_EVERY_SECONDS: Final = 60.0

log = structlog.get_logger()


@dataclass
class RefusedHooks:
    """What is said of hooks that were refused: at most one line a minute and connector, with how many there were."""

    said: dict[str, tuple[float, int]] = field(default_factory=dict[str, tuple[float, int]])

    def note(self, connector: str, why: str) -> None:
        """Say that a hook was refused, unless that was said a moment ago."""
        now = time.monotonic()
        since, silent = self.said.get(connector, (-SAID_EVERY_SECONDS, 0))
        if now - since < SAID_EVERY_SECONDS:
            self.said[connector] = since, silent + 1
            return
        self.said[connector] = now, 0
        log.warning("hook.refused", connector=connector, why=why, since_last=silent + 1)
