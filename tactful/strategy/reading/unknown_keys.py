"""What to say about a key that its block does not have: most often it is misspelled, glued to its value, or too deep.

This module words only; the desk notes.
"""

from __future__ import annotations

from tactful.strategy.keys import BLOCKS
from tactful.strategy.spelling import did_you_mean, listed, quoted

_SAID_OF_BLOCKS = {
    "strategy": "the strategy itself",
    "sender": "the sender",
    "defaults": "the strategy's defaults",
    "step defaults": "the defaults of a step",
    "segment": "a segment",
    "topic": "a topic",
    "offer": "an offer",
    "rules": "the rules",
    "step": "a step",
    "milestone": "a milestone",
    "communication": "a communication",
    "test": "a test",
    "arm": "an arm of a test",
}


def explain_unknown_key(key: str, block: str) -> tuple[str, str, str | None]:
    """Return what was found, what would be right and a hint, for a key that is not one of the block's."""
    known = BLOCKS[block]
    found, expected = f"unknown key {quoted(key)} in {_SAID_OF_BLOCKS[block]}", f"one of {listed(known, 24)}"
    name, colon, value = key.partition(":")
    if colon and name in known:
        return found, f"`{name}: {value}`, with a space behind the colon", None
    near = did_you_mean(key, known)
    if near:
        return found, expected, near
    elsewhere = [said for other, said in _SAID_OF_BLOCKS.items() if key in BLOCKS[other]]
    return found, expected, f'"{key}" is a key of {listed(elsewhere)}.' if elsewhere else None
