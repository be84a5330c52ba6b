"""The connectors as `tactful.toml` configures them: read, checked, built, closed.

    [connectors.relay]
    use = "smtp"                                  # which code; left out, it is the name in brackets
    host = "smtp.example.com"
    username = "fleur"
    password = { env = "SMTP_PASSWORD" }          # or { file = "/run/secrets/smtp" }, beside this file if relative
    rate = 14                                     # at most so many messages a second, over all workers
    in_home_days = 4                              # of letters: days from handing over to arrival
    unit_cost = "0.85 USD"                        # what a message costs, of a text each segment

    [channels.email]
    use = ["relay"]                               # first choice first

Every mistake is found at once and named by file and key. A secret is never written into the file itself, and none is
ever shown.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from tactful.connector import AnyConnector, ConnectorConfig, ConnectorError, Money, Ports, TellsLater, find
from tactful.connector.prices import price
from tactful.errors import TactfulError
from tactful.strategy.spelling import did_you_mean
from tactful.words import Channel

BYTES_MAX = 1_000_000
RATE_MIN, RATE_MAX = 0.001, 10_000
IN_HOME_DAYS_MAX = 30
Place = tuple[int | str, ...]
"""Where a value stands in a table: the names of the tables that it is in, and its own."""
_SECTIONS = ("connectors", "channels")
_SHOULD = re.compile(r"^\w+ should ")  # how pydantic begins


class ConfigurationError(TactfulError):
    """`tactful.toml` cannot be used; `problems` has everything that was found, one line each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Connectors:
    """The connectors of a service, by name; and per channel the names to use, first choice first.

    `rates` has the messages a second of those that are limited, `in_home` how long those that do not arrive at once are
    on their way, `unit_costs` what a message costs where that is known; as their code declares or the file says.
    """

    by_name: Mapping[str, AnyConnector]
    by_channel: Mapping[Channel, tuple[str, ...]]
    rates: Mapping[str, float] = field(default_factory=dict[str, float])
    in_home: Mapping[str, timedelta] = field(default_factory=dict[str, timedelta])
    unit_costs: Mapping[str, Money] = field(default_factory=dict[str, Money])

    async def aclose(self) -> None:
        """Close all of them."""
        for connector in self.by_name.values():
            await connector.aclose()


def read_connectors(path: Path, ports: Ports, environ: Mapping[str, str] = os.environ) -> Connectors:
    """Return the connectors that `path` configures; nothing is connected yet.

    Args:
        path: A TOML file of at most 1 MB.
        ports: What connectors need of the house.
        environ: The environment that `{ env = … }` reads.

    Raises:
        ConfigurationError: With everything that is wrong.
    """
    document = parsed(path)
    reading = Reading(path, environ)
    reading.sections(document)
    configured = reading.connectors(reading.table(document, "connectors", "connectors"))
    by_channel = reading.channels(reading.table(document, "channels", "channels"), configured)
    if reading.problems:
        raise ConfigurationError(f"{path}: {problem}" for problem in reading.problems)
    rates = {name: one.rate for name, one in configured.items() if one and one.rate is not None}
    built = {name: one.connector(one.config, ports) for name, one in configured.items() if one}
    in_home = {name: timedelta(days=one.in_home_days) for name, one in configured.items() if one and one.in_home_days}
    unit_costs = {name: one.unit_cost for name, one in configured.items() if one and one.unit_cost}
    return Connectors(built, by_channel, rates, in_home, unit_costs)


def read_channels(path: Path) -> dict[Channel, tuple[str, ...]]:
    """Return which connectors each channel uses, for those who call none of them: secrets are not looked at.

    A file that is not there or not right says nothing; whoever calls connectors will complain of it.
    """
    try:
        document = parsed(path)
    except ConfigurationError:
        return {}
    reading = Reading(path, {})
    tables = reading.table(document, "channels", "channels")
    found: dict[Channel, tuple[str, ...]] = {}
    for channel in Channel:
        names: object = reading.table(tables, channel.value, channel.value).get("use")
        if isinstance(names, list):
            found[channel] = tuple(str(name) for name in cast("list[object]", names))
    return found


def parsed(path: Path) -> dict[str, Any]:
    """Return what a configuration file says, unchecked.

    Raises:
        ConfigurationError: It cannot be read, or is no TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
        if len(content) > BYTES_MAX:
            raise ConfigurationError([f"{path}: longer than {BYTES_MAX:,} bytes"])
        return tomllib.loads(content.decode())
    except OSError as error:
        raise ConfigurationError([f"{path}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([f"{path}: is not UTF-8 (byte {error.start})"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([f"{path}: is not TOML: {error}"]) from error


@dataclass(frozen=True)
class Configured:
    """One `[connectors.NAME]`: its code and its settings."""

    connector: type[AnyConnector]
    config: ConnectorConfig
    rate: float | None
    in_home_days: int
    unit_cost: Money | None

    @property
    def hears(self) -> bool:
        """Say whether its code reads what providers tell."""
        return issubclass(self.connector, TellsLater)


class Reading:
    """One file being read: collects problems as `key: what is wrong`."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self._folder = path.parent
        self._environ = environ

    def sections(self, document: Mapping[str, Any]) -> None:
        """Refuse sections that nobody reads."""
        for name in document:
            if name not in _SECTIONS:
                self._unknown(name, _SECTIONS, "section")

    def table(self, parent: Mapping[str, Any], name: str, key: str) -> dict[str, Any]:
        """Return the table `name` of `parent`, empty where there is none; `key` is what the file calls it."""
        found = parent.get(name, {})
        if isinstance(found, dict):
            return cast("dict[str, Any]", found)
        self.problems.append(f"{key}: must be a table, [{key}]")
        return {}

    def connectors(self, tables: Mapping[str, Any]) -> dict[str, Configured | None]:
        """Return each configured connector by name; None for one that has a problem."""
        return {name: self._connector(name, self.table(tables, name, f"connectors.{name}")) for name in tables}

    def channels(self, tables: Mapping[str, Any], known: Mapping[str, Configured | None]) -> dict[Channel, Any]:
        """Return the names to use per channel, each a connector that serves it."""
        found: dict[Channel, tuple[str, ...]] = {}
        for name in tables:
            if name not in set(Channel):
                self._unknown(f"channels.{name}", Channel, "channel")
            else:
                found[Channel(name)] = self._uses(Channel(name), self.table(tables, name, f"channels.{name}"), known)
        return found

    def _connector(self, name: str, table: Mapping[str, Any]) -> Configured | None:
        key = f"connectors.{name}"
        settings = dict(table)
        use = settings.pop("use", name)
        try:
            connector = find(str(use))
        except ConnectorError as error:
            self.problems.append(f"{key}.use: {error}")
            return None
        rate = self._rate(key, settings.pop("rate")) if "rate" in settings else connector.capabilities.rate
        declared = connector.capabilities.in_home_days
        in_home_days = self._days(key, settings.pop("in_home_days")) if "in_home_days" in settings else declared
        unit_cost = connector.capabilities.unit_cost
        if "unit_cost" in settings:
            unit_cost = self._price(key, settings.pop("unit_cost"))
        absent: list[Place] = []
        values = self._values(key, settings, connector.Config, (), absent)
        try:
            config = connector.Config.model_validate(values)
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_context=False, include_input=False):
                about = problem["loc"]  # what is said of a whole holds only where nothing within is absent
                if not any(one[: len(about)] == about for one in absent):
                    self._invalid(key, problem, connector.Config)
            return None
        except Exception as error:  # noqa: BLE001 - a stranger's code may raise anything, and its words may hold a secret
            self.problems.append(f"{key}: the connector's own code breaks on it ({type(error).__name__})")
            return None
        return None if absent else Configured(connector, config, rate, in_home_days, unit_cost)

    def _rate(self, key: str, given: object) -> float | None:
        if isinstance(given, int | float) and not isinstance(given, bool) and RATE_MIN <= given <= RATE_MAX:
            return float(given)
        self.problems.append(f"{key}.rate: must be messages a second, from {RATE_MIN} to {RATE_MAX:,}: rate = 14")
        return None

    def _days(self, key: str, given: object) -> int:
        if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= IN_HOME_DAYS_MAX:
            return given
        self.problems.append(f"{key}.in_home_days: must be whole days, from 0 to {IN_HOME_DAYS_MAX}: in_home_days = 4")
        return 0

    def _price(self, key: str, given: object) -> Money | None:
        try:
            return price(given)
        except ValueError as error:
            self.problems.append(f"{key}.unit_cost: {error}")
            return None

    def _values(
        self, key: str, settings: Mapping[str, Any], config: type[ConnectorConfig], at: Place, absent: list[Place]
    ) -> dict[str, object]:
        """Return the values of a table and of tables within it; what cannot be had is left out, and noted as absent."""
        found: dict[str, object] = {}
        for name, given in settings.items():
            within = _table_of(config, name)
            if within is not None and isinstance(given, dict):
                table = cast("dict[str, Any]", given)
                found[name] = self._values(f"{key}.{name}", table, within, (*at, name), absent)
                continue
            found[name] = self._value(f"{key}.{name}", given, config, name)
            if found[name] is None:
                absent.append((*at, name))
        return found

    def _value(self, key: str, given: object, config: type[ConnectorConfig], field: str) -> object:
        """Return a value as given, or what `{ env = … }` or `{ file = … }` points to; None where that cannot be had."""
        match list(cast("dict[str, object]", given).items()) if isinstance(given, dict) else None:
            case [("env", str(variable))]:
                return self._from_environment(key, variable)
            case [("file", str(file))]:
                return self._from_file(key, self._folder / file)
            case _ if _is_secret(config, field):
                hint = 'say { env = "VARIABLE" } or { file = "PATH" }'
                self.problems.append(f"{key}: a secret is not written here; {hint}")
                return None
            case _:
                return cast("object", given)

    def _from_environment(self, key: str, variable: str) -> str | None:
        value = self._environ.get(variable)
        if not value:
            self.problems.append(f"{key}: the environment variable {variable} is not set, or empty")
        return value or None

    def _from_file(self, key: str, file: Path) -> str | None:
        try:
            with file.open(encoding="utf-8") as opened:
                value = opened.read(BYTES_MAX).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{key}: {file} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}")
            return None
        if not value:
            self.problems.append(f"{key}: {file} is empty")
        return value or None

    def _uses(
        self, channel: Channel, table: Mapping[str, Any], known: Mapping[str, Configured | None]
    ) -> tuple[str, ...]:
        key = f"channels.{channel}"
        for other in table:
            if other != "use":
                self._unknown(f"{key}.{other}", ["use"], "setting")
        names = table.get("use")
        if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in cast("list[Any]", names)):
            self.problems.append(f'{key}.use: must list connectors by name, first choice first: use = ["smtp"]')
            return ()
        names = tuple(cast("list[str]", names))
        for name in names:
            if name not in known:
                self._unknown(f"{key}.use", known, "connector", name)
            elif (one := known[name]) and channel not in one.connector.capabilities.channels:
                served = one.connector.capabilities.channels
                told = f'{key}.use: the connector "{name}" serves {", ".join(served)}, not {channel}'
                self.problems.append(f"{told}; name it under [channels.{served[0]}]")
        return names

    def _invalid(self, key: str, problem: ErrorDetails, config: type[ConnectorConfig]) -> None:
        where = ".".join([key, *(str(part) for part in problem["loc"])])
        for part in problem["loc"][:-1]:
            config = _table_of(config, str(part)) or config
        match problem["type"]:
            case "extra_forbidden":
                self._unknown(where, config.model_fields, "setting")
            case "missing":
                self.problems.append(f"{where}: is missing")
            case "time_delta_parsing" | "time_delta_type":
                name = problem["loc"][-1]
                self.problems.append(f'{where}: must be a length of time: {name} = "4 hours", or seconds: {name} = 90')
            case _:
                told = problem["msg"].removeprefix("Value error, ")
                self.problems.append(f"{where}: {_SHOULD.sub('must ', told)}")

    def _unknown(self, key: str, known: Iterable[str], what: str, name: str | None = None) -> None:
        """Report a name that means nothing, with what there is."""
        name = name or key.rpartition(".")[2]
        known = [str(each) for each in known]
        hint = did_you_mean(name, known) or f"There are: {', '.join(known) or 'none'}."
        self.problems.append(f'{key}: there is no {what} "{name}". {hint}')


def _table_of(config: type[ConnectorConfig], field: str) -> type[ConnectorConfig] | None:
    """Return what a field is a table of; None where it is none."""
    annotation = config.model_fields[field].annotation if field in config.model_fields else None
    kinds = (annotation, *get_args(annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, ConnectorConfig)), None)


def _is_secret(config: type[ConnectorConfig], field: str) -> bool:
    return field in config.model_fields and SecretStr.__name__ in str(config.model_fields[field].annotation)
