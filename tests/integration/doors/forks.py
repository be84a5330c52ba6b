"""A process that has imported the command line once, and forks for each command: what a shell does, without the wait.

Each line of its input is a command (words, folder, environment), each line of its output how that ended. The command
itself is a process of its own as ever, with its own folder, environment, output and exit code.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import traceback
from typing import Any

from tactful import cli, conformance  # noqa: F401 - the kit is what takes longest to import, and has it done here


def serve() -> None:
    """Run commands until nobody asks for any."""
    for line in sys.stdin:
        asked = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                _be(asked, out.fileno(), err.fileno())
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            out.seek(0)
            err.seek(0)
            answer = {"code": code, "out": out.read().decode(), "err": err.read().decode()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _be(asked: dict[str, Any], out: int, err: int) -> None:
    """Be the command, to the end of this process."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))  # as an interpreter begins
    importlib.invalidate_caches()
    sys.modules["__main__"].__package__ = ""  # else help would call the program "python -m tests…"
    sys.argv = ["tactful", *asked["words"]]
    code: object = 0
    try:
        cli.main()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter ends
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    serve()
