"""A file of codes: one code a line, the first line may be the heading `code`.

Codes are given out once each, so a code that stands twice is a problem. Nothing is given out here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tactful.strategy.limits import LONGEST_CODE, MOST_CODES
from tactful.strategy.problems import Problem

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_MOST_PROBLEMS = 20


@dataclass(frozen=True)
class Codes:
    """The codes of a file in their order, and what is wrong with the file."""

    codes: tuple[str, ...]
    problems: tuple[Problem, ...]


def read_codes(file: str, text: str) -> Codes:
    """Return the codes of a file.

    Args:
        file: Its path in the strategy's folder, for problems.
        text: What it contains; blank lines are passed over.
    """
    seen: dict[str, int] = {}
    problems: list[Problem] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        code = line.strip().strip('"')
        if not code or (number == 1 and code == "code"):
            continue
        wrong = _wrong(code, seen)
        if wrong and len(problems) < _MOST_PROBLEMS:
            problems.append(Problem(file, number, 1, *wrong))
        seen.setdefault(code, number)
    if not seen:
        problems.append(Problem(file, 1, 1, "no code", "one code a line"))
    if len(seen) > MOST_CODES:
        problems.append(Problem(file, MOST_CODES, 1, f"{len(seen):,} codes", f"at most {MOST_CODES:,}"))
    return Codes(tuple(seen), tuple(problems))


def _wrong(code: str, seen: dict[str, int]) -> tuple[str, str] | None:
    if code in seen:
        return f'the code "{code[:LONGEST_CODE]}" a second time', f"each code once: the first is in line {seen[code]}"
    if len(code) > LONGEST_CODE or not _CODE.fullmatch(code):
        found = f'"{code[:LONGEST_CODE]}", which is no code'
        return found, f"one code a line: letters, digits, dots and hyphens, at most {LONGEST_CODE}"
    return None
