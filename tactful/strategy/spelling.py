"""Names as they must be spelled, and the nearest right one to a wrong one.

This module compares texts only; it knows no strategy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_NAME = 60
NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", re.ASCII)
EVENT_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*(\.[a-z][a-z0-9]*([-_][a-z0-9]+)*)+", re.ASCII)
PROPERTY_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
_LONGEST_COMPARED = 80


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# Words that mean something else where a name of the kind may stand as well.
RESERVED = {
    "property": words("due orders since spent start"),
    "communication": words("partials"),
    "milestone": words("partials"),
    "topic": words("call calls email emails in letter letters push sms"),
}


def nearest(word: str, right: Iterable[str]) -> str | None:
    """Return the right word that is most like `word`, or None if none is near."""
    candidates = sorted(set(right))
    if not word or len(word) > _LONGEST_COMPARED:
        return None
    folded = {candidate.casefold(): candidate for candidate in reversed(candidates)}
    close = get_close_matches(word.casefold(), sorted(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def did_you_mean(word: str, right: Iterable[str]) -> str | None:
    """Return the question `Did you mean "…"?`, or None if no right word is near."""
    found = nearest(word, right)
    return f'Did you mean "{found}"?' if found else None


def listed(words: Iterable[str], most: int = 12) -> str:
    """Return words as people list them, `a, b or c`; a long list is cut with `…`."""
    shown = list(words)
    if len(shown) > most:
        return ", ".join([*shown[:most], "…"])
    return " or ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def a(thing: str) -> str:
    """Return a thing with its article: `an event`, `a topic`."""
    return f"an {thing}" if thing[0] in "aeiou" else f"a {thing}"


def quoted(text: str, most: int = 60) -> str:
    """Return text from a file in double quotes, on one line and cut to a readable length."""
    line = " ".join(text.split())
    return f'"{line if len(line) <= most else line[: most - 1] + "…"}"'


def suggested_name(text: str) -> str | None:
    """Return a name that could have been meant by a text that is none: `Our Story` becomes `our-story`."""
    words = re.findall(r"[a-z0-9]+", text.casefold(), re.ASCII)
    name = "-".join(words).lstrip("0123456789-")
    return name if name and len(name) <= LONGEST_NAME and NAME.fullmatch(name) else None
