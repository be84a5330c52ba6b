"""How a connector is found by its name: in the application's `connectors/`, among installed packages, or by its path.

It imports only what is asked for, so that a connector whose library is missing harms no other. There is no list of
connectors to edit:

    smtp               connectors/<channel>/smtp.py, a package connectors/<channel>/smtp/, or connectors/smtp.py
    carrier_pigeon     an installed package's entry point of that name in the group `tactful.connectors`
    package.module:Class
"""

from __future__ import annotations

import inspect
import pkgutil
import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TypeGuard

from tactful.connector.capabilities import Lookup
from tactful.connector.polling import Polls
from tactful.connector.protocol import AnyConnector, Connector, LooksUp
from tactful.connector.telling import TellsLater
from tactful.errors import TactfulError
from tactful.strategy.spelling import did_you_mean

GROUP = "tactful.connectors"
WHY_MAX = 500
_NOT_THEIRS = (sysconfig.get_path("stdlib"), str(Path(__file__).parents[1]))


class ConnectorError(TactfulError):
    """A connector cannot be found under the name given, or what is there is no connector."""


def find(use: str, *, house: str = "connectors") -> type[AnyConnector]:
    """Return the connector class that `use` names.

    Args:
        use: A name, or `package.module:Class`.
        house: The package whose folders are scanned; it need not exist.

    Raises:
        ConnectorError: Nothing or more than one thing is called that; it cannot be imported; or it does not keep
            the contract.
    """
    if ":" in use:
        return _checked(_named_in(use), use)
    places = [*_in_house(house), *_installed()]
    found = [place for name, place in places if name == use]
    if not found:
        names = known(house)
        hint = did_you_mean(use, names) or f"There are: {', '.join(names)}."
        raise ConnectorError(f'there is no connector "{use}". {hint}')
    if len(found) > 1:
        raise ConnectorError(f'several connectors are called "{use}": {", ".join(found)}. Say which by its path')
    return _checked(_named_in(found[0]) if ":" in found[0] else _only_class_in(found[0]), found[0])


def known(house: str = "connectors") -> list[str]:
    """Return the names under which connectors are found here."""
    return sorted({name for name, _ in [*_in_house(house), *_installed()]})


def told_of(error: Exception) -> str:
    """Return what an error in a stranger's code says, with the line of theirs that is to blame."""
    if isinstance(error, ImportError | SyntaxError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if not frame.filename.startswith((*_NOT_THEIRS, "<"))]
    at = (theirs or list(frames))[-1]
    return f"{type(error).__name__}: {str(error)[:WHY_MAX]} ({Path(at.filename).name}, line {at.lineno})"


def _in_house(house: str) -> Iterator[tuple[str, str]]:
    """Yield name and module of every connector in `house`: its own modules, and what is in its channels' folders."""
    for module in _inside(house):
        if module.ispkg:
            channel = f"{house}.{module.name}"
            yield from ((provider.name, f"{channel}.{provider.name}") for provider in _inside(channel))
        else:
            yield module.name, f"{house}.{module.name}"


def _inside(package: str) -> Iterable[pkgutil.ModuleInfo]:
    spec = find_spec(package)
    return () if spec is None else pkgutil.iter_modules(spec.submodule_search_locations)


def _installed() -> Iterator[tuple[str, str]]:
    """Yield name and `package.module:Class` of every connector that an installed package offers."""
    yield from sorted((entry.name, entry.value) for entry in entry_points(group=GROUP))


def _named_in(path: str) -> object:
    module, _, name = path.partition(":")
    try:
        return getattr(_imported(module), name)
    except AttributeError:
        raise ConnectorError(f"{module} has no class {name}") from None


def _only_class_in(module: str) -> object:
    """Return the one connector class that `module` defines, itself or, where it is a package, in a part of it."""
    classes = [
        found
        for found in vars(_imported(module)).values()
        if _is_connector(found) and f"{found.__module__}.".startswith(f"{module}.")
    ]
    if len(classes) != 1:
        raise ConnectorError(f"{module} must define one subclass of tactful.connector.Connector, not {len(classes)}")
    return classes[0]


def _imported(module: str) -> ModuleType:
    try:
        return import_module(module)
    except Exception as error:  # a stranger's code may raise anything
        raise ConnectorError(f"{module} cannot be imported: {told_of(error)}") from error


def _is_connector(found: object) -> TypeGuard[type[AnyConnector]]:
    return inspect.isclass(found) and issubclass(found, Connector)


def _checked(found: object, place: str) -> type[AnyConnector]:
    """Return `found` if it keeps the contract."""
    if not _is_connector(found):
        raise ConnectorError(f"{place} is not a subclass of tactful.connector.Connector")
    missing = [name for name in ("Config", "capabilities") if not hasattr(found, name)]
    missing += sorted(getattr(found, "__abstractmethods__", ()))
    if not missing:
        missing = list(_declared_but_not_there(found))
    if missing:
        raise ConnectorError(f"{place} lacks {', '.join(missing)}")
    return found


def _declared_but_not_there(found: type[AnyConnector]) -> Iterator[str]:
    """Yield the methods that a connector's capabilities promise and its code lacks."""
    declared = found.capabilities
    if isinstance(declared.idempotency, Lookup) and not issubclass(found, LooksUp):
        yield "lookup"
    if declared.inbound and not issubclass(found, TellsLater | Polls):
        yield "verify and news, or poll and acknowledge"
    if declared.cancels and not hasattr(found, "cancel"):
        yield "cancel"
