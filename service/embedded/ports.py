"""Whether the wanted ports are free, found out before anything is started."""

import errno
import socket
from collections.abc import Collection, Mapping

import psutil

from service.embedded.errors import StartError

ADDRESS = "127.0.0.1"
"""Every embedded server listens here and nowhere else."""

TRIED_NEXT = 100
"""How many ports above a taken one are looked at for one to suggest."""


def require_free(wanted: Mapping[str, int]) -> None:
    """Check that every wanted port can be taken, and that no two are the same.

    Args:
        wanted: Port by the environment variable that sets it.

    Raises:
        StartError: Names every port that cannot be had, who holds it where that can be seen, and what to set instead.
    """
    faults: list[str] = []
    seen: dict[int, str] = {}
    for variable, port in wanted.items():
        if port in seen:
            faults.append(f"{variable} and {seen[port]} are both {port}. Give one of them another port.")
        elif (why := _why_not(port)) is not None:
            faults.append(f"Port {port} ({variable}) {why}{_suggestion(variable, port, taken=wanted.values())}")
        seen.setdefault(port, variable)
    if faults:
        raise StartError("\n".join(faults))


def free_port() -> int:
    """Return a port that was free a moment ago; for tests, which take whatever there is."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return probe.getsockname()[1]


def _why_not(port: int) -> str | None:
    with socket.socket() as probe:
        # As servers do: a connection of the last run that the kernel still remembers is no obstacle, a listener is.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"is in use{_holder(port)}."
            if error.errno == errno.EACCES:
                return "may be taken by the system administrator only (it is below 1024)."
            return f"cannot be taken: {error.strerror}."
    return None


def _holder(port: int) -> str:
    """Say who listens on a port, as far as the system lets us see."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return ""


def _suggestion(variable: str, port: int, *, taken: Collection[int]) -> str:
    for candidate in range(max(port, 1024) + 1, min(port + TRIED_NEXT, 65535) + 1):
        if candidate not in taken and _why_not(candidate) is None:
            return f" Try another: {variable}={candidate} make run"
    return f" Set {variable} to another port."
