"""The command line as people run it: a process of its own, against a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("tactful")


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> Any:  # noqa: ANN401 - whatever the command answers
        """The answer of a command that was asked for JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Command:
    """The `tactful` command, pointed at a server."""

    server: str
    folder: Path

    def __call__(self, *words: str, **variables: str) -> Done:
        """Run it, and make sure that no traceback is shown."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TACTFUL_")}
        environment = kept | {"TACTFUL_SERVER": self.server, "COLUMNS": "200", "NO_COLOR": "1"} | variables
        done = subprocess.run(
            [PROGRAM, *words],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
        assert "TACTFUL_DEBUG" in variables or "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def file(self, name: str, content: str | bytes) -> str:
        """Write a file where the command runs, and return its name."""
        raw = content if isinstance(content, bytes) else content.encode()
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        return name
