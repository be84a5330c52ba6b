"""The tables of keys in docs/language.md, made from the table the reader uses. Run it to write them anew:

python -m tests.unit.strategy.reference
"""

import re
from pathlib import Path

from tactful.strategy.keys import BLOCKS, Choice, Flag, Inside, Key, Many, Named, Phrase, Reference, Takes, Text
from tactful.strategy.spelling import a
from tests.unit.strategy.samples import ROOT

PAGE = ROOT / "docs" / "language.md"
TABLE = re.compile(r"<!-- keys: (?P<block>[a-z ]+) -->\n.*?<!-- end -->", re.DOTALL)


def with_tables(page: str) -> str:
    """The page with the table of every block written anew."""
    return TABLE.sub(lambda found: _table(found["block"]), page)


def _table(block: str) -> str:
    rows = [f"| `{key.name}` | {_takes(key)} | {key.says} |" for key in BLOCKS[block].values()]
    head = ["| key | takes | what it is for |", "|---|---|---|"]
    return "\n".join([f"<!-- keys: {block} -->", *head, *rows, "<!-- end -->"])


def _takes(key: Key) -> str:
    taken = _said(key.takes)
    return f"**{taken}**" if key.required else taken


def _said(takes: Takes) -> str:
    match takes:
        case Phrase(form):
            said = " · ".join(f"`{example}`" for example in form.examples[:2])
        case Text(most):
            said = f"text, up to {most}"
        case Choice(words):
            said = " or ".join(f"`{word}`" for word in words)
        case Flag():
            said = "`true` or `false`"
        case Reference(kind):
            said = a(kind)
        case Many(of, _):
            said = f"one or a list: {_said(of)}"
        case Named(of, _):
            said = f"names, each with {_said(of)}" if not isinstance(of, Named) else "names of names"
        case Inside(block):
            said = f"[these keys](#{block.replace(' ', '-')})"
    return said


if __name__ == "__main__":
    Path(PAGE).write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
