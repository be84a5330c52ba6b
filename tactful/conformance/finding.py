"""How a connector's case is found by the connector's name, in a checkout of Tactful or in an installed package.

It knows nothing of the kit itself, so that a case that is not there is told before the kit's own libraries are missed.
"""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.connector.loader import find, known, told_of
from tactful.errors import TactfulError

if TYPE_CHECKING:
    from tactful.conformance.case import Case

GROUP = "tactful.conformance"
HOUSE = "tests.connectors.cases"


class NoCaseError(TactfulError):
    """There is no case for a connector, or what is there is none."""


def find_case(name: str, given: str | None = None) -> Case:
    """Return a connector's case.

    Args:
        name: The connector's, as `tactful.toml` calls it.
        given: `package.module:CASE`, where it is neither a checkout's nor offered by an installed package.

    Raises:
        ConnectorError: There is no such connector.
        NoCaseError: There is no case, or it cannot be imported.
    """
    if given is not None:
        return _case_at(given)
    offered = {entry.name: entry.value for entry in entry_points(group=GROUP)}
    if name in names_in_house():
        return _case_at(f"{HOUSE}.{name}:CASE")
    if name in offered:
        return _case_at(offered[name])
    folder = Path(f"tactful-{name.replace('_', '-')}")
    if name not in known() and (folder / "pyproject.toml").is_file():
        raise NoCaseError(f'the connector "{name}" is not installed yet: pip install --editable {folder}')
    find(name)
    raise NoCaseError(
        f'the connector "{name}" has no case. Its package offers one by an entry point "{name}" in the group '
        f'"{GROUP}"; or say where it is: --case package.module:CASE'
    )


def names_in_house() -> list[str]:
    """Return the names of the cases of the checkout that one is in; none outside of one."""
    folder = Path(*HOUSE.split("."))
    if not folder.is_dir():
        return []
    _import_from_here()
    return sorted(module.name for module in pkgutil.iter_modules([str(folder)]))


def _case_at(place: str) -> Case:
    module, between, attribute = place.partition(":")
    if not between or not module or not attribute.isidentifier():
        raise NoCaseError(f'"{place}" is not of the form package.module:CASE')
    _import_from_here()
    try:
        found = getattr(import_module(module), attribute, None)
    except Exception as error:  # a stranger's code may raise anything
        raise NoCaseError(f"the case {place} cannot be imported: {told_of(error)}") from error
    from tactful.conformance.case import Case  # noqa: PLC0415 - whoever asks for one has the kit

    if not isinstance(found, Case):
        raise NoCaseError(f"{place} is no tactful.conformance.Case")
    return found


def _import_from_here() -> None:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
