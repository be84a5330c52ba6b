"""The command line as people run it: a process of its own, against a real server.

Most are forked from one that has imported everything (`forks.py`): a new interpreter for each would be most of what
these tests cost. `afresh` is a new one.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("tactful")
CHECKOUT = Path(__file__).parents[3]
PLAIN = {"COLUMNS": "200", "NO_COLOR": "1"}


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
        asked = {"words": words, "folder": str(self.folder), "environment": self._environment(variables)}
        server = _forks()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        return _done(variables, **json.loads(server.stdout.readline()))

    def afresh(self, *words: str, **variables: str) -> Done:
        """Run it in an interpreter of its own, as a shell does."""
        done = subprocess.run(
            [PROGRAM, *words],
            cwd=self.folder,
            env=self._environment(variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
        return _done(variables, done.returncode, done.stdout, done.stderr)

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TACTFUL_")}
        return kept | PLAIN | {"TACTFUL_SERVER": self.server} | dict(variables)

    def file(self, name: str, content: str | bytes) -> str:
        """Write a file where the command runs, and return its name."""
        raw = content if isinstance(content, bytes) else content.encode()
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
        return name


def _done(variables: Mapping[str, str], code: int, out: str, err: str) -> Done:
    assert "TACTFUL_DEBUG" in variables or "Traceback" not in err, err
    return Done(code, out, err)


@cache
def _forks() -> subprocess.Popen[str]:
    """Return the process that commands are forked from, started once."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.doors.forks"],
        cwd=CHECKOUT,
        env=os.environ | PLAIN,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)  # it ends when nobody can ask it any more
    return server
