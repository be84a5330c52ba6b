"""Pages from templates: escaped throughout, with the words and forms that all pages share."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, cast

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tactful.explain import time_text

HERE: Final = Path(__file__).parent
STYLE: Final = (HERE / "console" / "tactful.css").read_bytes()
STYLE_VERSION: Final = sha256(STYLE).hexdigest()[:12]

_environment = Environment(
    loader=FileSystemLoader(HERE / "console" / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(request: Request, template: str, /, *, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 - what a template needs
    """Return a page made from a template."""
    values |= {"style_version": STYLE_VERSION, "path": request.url.path}
    answer = HTMLResponse(_environment.get_template(template).render(values), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _when(at: datetime | None, zone: tzinfo = UTC) -> str:
    """Return an instant as people read it: `Tuesday 24 March 2026, 09:00`."""
    return "" if at is None else time_text(at, zone)


def _day(at: datetime | None, zone: tzinfo = UTC) -> str:
    """Return an instant's day: `24 Mar 2026`."""
    return "" if at is None else f"{at.astimezone(zone):%-d %b %Y}"


def _clock(at: datetime | None, zone: tzinfo = UTC) -> str:
    """Return an instant's hour: `09:00`."""
    return "" if at is None else f"{at.astimezone(zone):%H:%M}"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _words(name: str) -> str:
    """Return a name of ours as words: `opted_in` becomes `opted in`."""
    return name.replace("_", " ").replace("-", " ")


_filters = cast("dict[str, Any]", _environment.filters)  # pyright: ignore[reportUnknownMemberType]
_filters.update(when=_when, day=_day, clock=_clock, iso=_iso, words=_words)
