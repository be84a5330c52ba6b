"""Small changes that may turn a phrase nobody understands into the one that was meant.

This module only proposes; whether a proposal is a phrase is tried by whoever asked. The number of proposals is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tactful.strategy.spelling import nearest

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_REPLACED: tuple[tuple[str, str], ...] = (
    ("≥", ">="),
    ("≤", "<="),
    ("=>", ">="),
    ("=<", "<="),
    ("==", "="),
    ("!=", "is not"),
    ("<>", "is not"),
    ("at least", ">="),
    ("at most", "<="),
    ("more than", ">"),
    ("less than", "<"),
    (" within ", " in "),
    (" per ", " in "),
    (" - ", " to "),
    (" from ", " after "),
    (" the ", " "),
    (" percent", "%"),
    (" %", "%"),
)
_CURRENCY_SIGNS = {"£": "GBP", "€": "EUR", "$": "USD"}


def mended(text: str, offset: int, words: tuple[str, ...]) -> Iterator[str]:
    """Yield phrases near to `text`, the likeliest first.

    Args:
        text: The phrase that was not understood.
        offset: Where understanding stopped.
        words: Words that could have stood there.
    """
    seen = {text}
    for candidate in _candidates(text, offset, words):
        tidy = " ".join(candidate.split()).replace(" ,", ",")
        if tidy and tidy not in seen:
            seen.add(tidy)
            yield tidy


def _candidates(text: str, offset: int, words: tuple[str, ...]) -> Iterator[str]:
    before, word, after = _split(text, offset)
    near = nearest(word, words)
    if near:
        yield f"{before} {near} {after}"
    yield re.sub(r"(?<=[0-9])(?=[A-Za-z])", " ", text)
    yield text.lower()
    yield re.sub(r"\b[a-z]{3}$", lambda found: found.group().upper(), text)
    yield _plain_words(text)
    yield re.sub(r"\s*(,|/|;|\|| then )\s*", " or ", text)
    if len(words) == 1 and word:
        yield f"{before} {words[0]} {word} {after}"
    if word:
        yield f"{before} {after}"
    elif len(words) <= 2:  # noqa: PLR2004  with more to choose from, a guess is no help
        yield from (f"{text} {missing}" for missing in words)


def _split(text: str, offset: int) -> tuple[str, str, str]:
    found = re.match(r"[^\s,]+|,", text[offset:])
    word = found.group() if found else ""
    return text[:offset].rstrip(), word, text[offset + len(word) :].lstrip()


def _plain_words(text: str) -> str:
    for said, meant in _REPLACED:
        text = text.replace(said, f" {meant} " if meant != "%" else meant)
    for sign, currency in _CURRENCY_SIGNS.items():
        text = re.sub(rf"{re.escape(sign)}\s*([0-9.]+)", rf"\1 {currency}", text)
    text = re.sub(r"\b(\d{1,2})[.h](\d{2})\b", r"\1:\2", text)
    return re.sub(r"\b([a-z]+)\b", lambda found: _number(found.group()), text)


def _number(word: str) -> str:
    return str(_NUMBERS.index(word)) if word in _NUMBERS else word
