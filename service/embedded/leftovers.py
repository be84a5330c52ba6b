"""Programs that outlived the `make run` that started them: remembered by pid and start time, ended at the next."""

import json
from datetime import timedelta
from pathlib import Path

import psutil

PATIENCE = timedelta(seconds=10)


def remember(folder: Path, name: str, pid: int) -> None:
    """Record a program that was just started; its start time tells it from a later program with the same pid."""
    started = psutil.Process(pid).create_time()
    (folder / f"{name}.json").write_text(json.dumps({"pid": pid, "started": started}))


def forget(folder: Path, name: str) -> None:
    """Drop the record of a program that has ended."""
    (folder / f"{name}.json").unlink(missing_ok=True)


def end_leftovers(folder: Path) -> list[str]:
    """End every recorded program that still runs, with its children.

    Call it only while holding the home's lock: whoever started them is gone then.

    Returns:
        The names of those that were still running.
    """
    ended: list[str] = []
    for record in sorted(folder.glob("*.json")):
        try:
            known = json.loads(record.read_text())
            program = psutil.Process(known["pid"])
            if abs(program.create_time() - known["started"]) < 1:
                family = [program, *program.children(recursive=True)]
                program.terminate()
                _, alive = psutil.wait_procs(family, timeout=PATIENCE.total_seconds())
                for survivor in alive:
                    survivor.kill()
                psutil.wait_procs(alive, timeout=PATIENCE.total_seconds())
                ended.append(record.stem)
        except (psutil.NoSuchProcess, ValueError, KeyError, TypeError):
            pass  # it has ended, or the record was cut off as it was written: nothing to end either way
        record.unlink(missing_ok=True)
    return ended
