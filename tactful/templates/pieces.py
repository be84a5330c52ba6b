"""Liquid kept out of harm's way: every piece of it is swapped for a plain word while markup is compiled.

MJML and HTML readers choke on quotes and comparisons inside Liquid; a word of letters and digits passes through text
and attributes alike. `Mask.hide` swaps, `Mask.reveal` swaps back, however often the compiler repeated the word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tactful.templates.written import Stretch, Written, join

PIECE = re.compile(
    r"\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}"
    r"|\{%-?\s*comment\b.*?\{%-?\s*endcomment\s*-?%\}"
    r"|\{%.*?%\}"
    r"|\{\{.*?\}\}",
    re.DOTALL,
)


def is_comment(piece: str) -> bool:
    """Say whether a piece is a Liquid comment, which leaves no trace."""
    return re.match(r"\{%-?\s*(?:comment\b|#)", piece) is not None


class Mask:
    """The pieces hidden so far, each under a word that occurs in none of the `texts`."""

    def __init__(self, texts: Iterable[str]) -> None:
        together = "\n".join(texts)
        stem = "tfp"
        while stem in together:
            stem += "p"
        self._stem = stem
        self._pieces: list[Written] = []
        self.pattern = re.compile(rf"{stem}(\d+)z")

    def hide(self, written: Written) -> Written:
        """Return the text with each piece of Liquid as a word, and comments gone."""
        out: list[Written] = []
        end = 0
        for match in PIECE.finditer(written.text):
            out.append(written.cut(end, match.start()))
            end = match.end()
            if not is_comment(match.group()):
                out.append(self._word_for(written.cut(match.start(), match.end())))
        return join([*out, written.cut(end, len(written.text))])

    def _word_for(self, piece: Written) -> Written:
        word = f"{self._stem}{len(self._pieces)}z"
        self._pieces.append(piece)
        first = piece.stretches[0]
        return Written(word, (Stretch(0, len(word), first.file, first.offset),))

    def reveal(self, text: str) -> Written:
        """Return the text with the Liquid back in its places."""
        parts: list[Written | str] = []
        end = 0
        for match in self.pattern.finditer(text):
            parts += [text[end : match.start()], self._pieces[int(match.group(1))]]
            end = match.end()
        return join([*parts, text[end:]])

    def only_tags(self, text: str) -> bool:
        """Say whether a text is nothing but Liquid that prints nothing of its own, such as `{% if … %}`."""
        words = list(self.pattern.finditer(text))
        printing = any(self._pieces[int(word.group(1))].text.startswith("{{") for word in words)
        return bool(words) and not printing and not self.pattern.sub("", text).strip()

    def lost(self, text: str) -> list[Written]:
        """Return the hidden pieces that no longer occur in `text`."""
        kept = {int(match.group(1)) for match in self.pattern.finditer(text)}
        return [piece for index, piece in enumerate(self._pieces) if index not in kept]
