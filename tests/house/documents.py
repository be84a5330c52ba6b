"""The documents of the checkout, read: blocks, links, anchors, and the commands that they would have people type."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]

FENCED = re.compile(
    r"(?:^<!-- (?P<label>[^\n]+) -->\n)?^(?P<fence>`{3,})(?P<kind>\S*)[^\n]*\n(?P<body>.*?)^(?P=fence)",
    re.MULTILINE | re.DOTALL,
)
INLINE = re.compile(r"(?<!`)`(?P<code>[^`\n]+)`(?!`)")
LINK = re.compile(r"\[(?P<shown>[^\]]*)\]\((?P<target>[^()\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(?P<title>.+?) *$", re.MULTILINE)


def _documents() -> list[str]:
    found = [*sorted(CHECKOUT.glob("*.md")), *sorted((CHECKOUT / "docs").rglob("*.md"))]
    return [path.relative_to(CHECKOUT).as_posix() for path in found]


DOCUMENTS = _documents()
"""Every document, those that are not committed yet included."""


@cache
def text(name: str) -> str:
    """Return a file of the checkout."""
    return (CHECKOUT / name).read_text()


@cache
def committed(*endings: str) -> tuple[str, ...]:
    """Return the names of committed files that end so."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return tuple(name for name in listed.stdout.split("\0") if name.endswith(endings) and (CHECKOUT / name).is_file())


def blocks(content: str, kind: str) -> list[str]:
    """Return the fenced blocks of a kind: `yaml`, `console`, …"""
    return [block["body"] for block in FENCED.finditer(content) if block["kind"] == kind]


def labelled(content: str) -> dict[str, str]:
    """Return the fenced blocks that a comment in the line before gives a name, by that name."""
    return {block["label"]: block["body"] for block in FENCED.finditer(content) if block["label"]}


def prose(content: str) -> str:
    """Return a document without its fenced blocks."""
    return FENCED.sub("", content)


def section(content: str, title: str) -> str:
    """Return what stands under a heading, up to the next one."""
    return re.split(r"^#+ ", content.partition(f"# {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def anchors(content: str) -> set[str]:
    """Return the anchors that GitHub makes of a document's headings."""
    found: list[str] = []
    for heading in HEADING.finditer(prose(content)):
        shown = LINK.sub(lambda link: link["shown"], heading["title"]).lower()
        found.append(re.sub(r"[^\w\- ]", "", shown).replace(" ", "-"))
    return {f"{name}-{found[:i].count(name)}" if name in found[:i] else name for i, name in enumerate(found)}


def leads_somewhere(document: str, target: str) -> bool:
    """Say whether a relative link is to a file, and to a heading if it names one, that are there."""
    path, _, anchor = target.partition("#")
    file = (CHECKOUT / document).parent / path if path else CHECKOUT / document
    return file.exists() and (not anchor or anchor in anchors(file.read_text()))


def links(content: str) -> list[str]:
    """Return where a document's links lead within the checkout."""
    targets = [link["target"] for link in LINK.finditer(INLINE.sub("", prose(content)))]
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def calls(content: str, program: str) -> Iterator[list[str]]:
    """Yield the words after the program, of every line that calls it: in a console block, or in backticks."""
    lines = [code["code"] for code in INLINE.finditer(prose(content))]
    for block in blocks(content, "console"):
        joined = block.replace("\\\n", " ")
        lines += [line.removeprefix("$ ") for line in joined.splitlines() if line.startswith("$ ")]
    for line in lines:
        if re.search(rf"\b{program} ", line):
            words = _command(shlex.split(line, comments=True))
            if words and Path(words[0]).name == program:
                yield words[1:]


def _command(words: list[str]) -> list[str]:
    """Return a line's words from its program on: without variables before it, and inside a container."""
    while words and "=" in words[0]:
        words = words[1:]
    if words[:2] == ["docker", "run"] and "tactful" in words:
        return words[words.index("tactful") + 1 :]
    return words
