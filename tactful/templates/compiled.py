"""One template file made ready: front matter, partials, markup and Liquid, each read once per version.

`compile_template` answers with parts to fill in and with everything that is wrong, at the lines people wrote. It does
not know who the template is for: that names are known is checked by `tactful.templates.check`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from liquid.exceptions import LiquidError

from tactful.strategy.problems import Problem, errors_in
from tactful.strategy.spelling import did_you_mean
from tactful.templates.folder import LARGEST_FILE, TemplateFolder
from tactful.templates.front_matter import KEYS, read_front_matter
from tactful.templates.liquid import Part, language_for
from tactful.templates.markup import read_markup, without_comments
from tactful.templates.mjml import Email
from tactful.templates.partials import set_partials
from tactful.templates.pieces import Mask, UnreadableError, never_closed
from tactful.templates.plain_text import plain_text_of
from tactful.templates.uses import Uses, uses_of
from tactful.templates.written import File, Place, Written
from tactful.words import Channel

MARKUP = frozenset({Channel.EMAIL, Channel.LETTER})
INSTEAD_OF = {
    "include": "`{% render 'partials/…' %}`",
    "tablerow": "`for` around table rows",
    "increment": "`assign` and `plus`",
    "decrement": "`assign` and `minus`",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Liquid as a person wrote it, and what it uses."""

    written: Written
    uses: Uses


@dataclass(slots=True)
class Compiled:
    """A template ready to be filled in.

    Attributes:
        file: Its path inside the strategy folder.
        language: Language tag of its words.
        parts: What it is made of, by name: text, and where given html, subject, title, link, sender_name, sender_email.
        sources: Its Liquid before any compilation, for checking.
    """

    file: str
    language: str
    parts: dict[str, Part] = field(default_factory=dict[str, Part])
    sources: list[Source] = field(default_factory=list[Source])

    @property
    def names(self) -> frozenset[str]:
        """The dotted names of all variables used."""
        return frozenset(name for source in self.sources for name in source.uses.names)


def compile_template(
    folder: TemplateFolder, file: File, *, template: str, channel: Channel, suffix: str, language: str
) -> tuple[Compiled | None, list[Problem]]:
    """Return a template's parts, or None with the problems that prevent them.

    Args:
        folder: Where partials and the hand-written text of an email are looked up.
        file: The template.
        template: Its name.
        channel: Its channel.
        suffix: Its language suffix, "" for the strategy's own language.
        language: Language tag of its words.
    """
    compiler = _Compiler(folder, template, channel, suffix, Compiled(file.path, language))
    compiler.run(file)
    return (None if errors_in(compiler.problems) else compiler.done), compiler.problems


@dataclass(slots=True)
class _Compiler:
    folder: TemplateFolder
    template: str
    channel: Channel
    suffix: str
    done: Compiled
    problems: list[Problem] = field(default_factory=list[Problem])

    def run(self, file: File) -> None:
        if self._too_long(file):
            return
        matter = read_front_matter(file, KEYS[self.channel])
        self.problems += matter.problems
        ending = file.path.rsplit(".", 1)[-1]
        body = self._with_partials(matter.body, ending)
        body = without_comments(body) if self.channel in MARKUP else body
        text = self._hand_written()
        for written in (*matter.values.values(), body, *([text] if text else [])):
            self._analyse(written)
        if errors_in(self.problems):
            return
        if self.channel is Channel.EMAIL:
            self._email(body, text, matter.values)
        elif self.channel is Channel.LETTER:
            self._letter(body)
        else:
            self._part("text", body)
        for name, value in matter.values.items():
            if name != "preheader":
                self._part(name, value)

    def _too_long(self, file: File) -> bool:
        if len(file.text) > LARGEST_FILE:
            found = f"a template of {len(file.text)} characters"
            self.problems.append(Problem(file.path, 1, 1, found, f"at most {LARGEST_FILE}"))
            return True
        return False

    def _with_partials(self, body: Written, ending: str) -> Written:
        return set_partials(body, lambda name: self.folder.partial(name, ending, self.suffix), self.problems)

    def _hand_written(self) -> Written | None:
        file = self.folder.email_text(self.template, self.suffix) if self.channel is Channel.EMAIL else None
        if file is None or self._too_long(file):
            return None
        matter = read_front_matter(file, ())
        self.problems += matter.problems
        return self._with_partials(matter.body, "txt")

    def _analyse(self, written: Written) -> None:
        """Parse Liquid as it was written, and note what it uses."""
        try:
            opened = never_closed(written.text)
        except UnreadableError as error:
            self._wrong(written.place(error.offset), error.found, error.expected)
            return
        try:
            part = Part(written, self.done.language, markup=False)
        except LiquidError as error:
            if opened:
                expected = f"`{{% end{opened.tag} %}}` after it"
                self._wrong(written.place(opened.start), f"`{opened.tag}` that is never closed", expected)
            else:
                self._not_liquid(written, error)
            return
        uses = uses_of(part.template)
        self.done.sources.append(Source(written, uses))
        filters = language_for(self.done.language, markup=False).filters
        for name, offset in uses.filters:
            if name not in filters:
                hint = did_you_mean(name, filters) or "docs/templates.md lists them."
                self._wrong(written.place(offset), f'unknown filter "{name}"', "a filter of Liquid", hint)

    def _not_liquid(self, written: Written, error: LiquidError) -> None:
        token = error.token
        place = written.place(token.start_index if token and token.start_index >= 0 else 0)
        name = token.value if token else ""
        expected = INSTEAD_OF.get(name, "Liquid: `{{ … }}`, `{% if … %}…{% endif %}`")
        self._wrong(place, f"Liquid that cannot be read ({error.message})", expected)

    def _email(self, body: Written, text: Written | None, values: dict[str, Written]) -> None:
        heads = [values.get("subject"), values.get("preheader")]
        mask = Mask([body.text, *(head.text for head in heads if head)])
        masked = mask.hide(body)
        events = read_markup(masked, mask, self.problems)
        email = Email(masked, events, mask, self.problems)
        email.check()
        subject, preheader = (
            escape(mask.hide(head).text) if head and tag not in masked.text else None
            for head, tag in zip(heads, ("<mj-title", "<mj-preview"), strict=True)
        )
        if heads[1] and preheader is None:
            self._wrong(heads[1].place(0), "a preheader besides <mj-preview>", "one of the two")
        email.add_head(self.done.language, subject, preheader)
        html = None if errors_in(self.problems) else email.to_html()
        if html is not None and not errors_in(self.problems):
            self._part("html", mask.reveal(html), markup=True)
            self._part("text", text or mask.reveal(plain_text_of(events, mask)))

    def _letter(self, body: Written) -> None:
        mask = Mask([body.text])
        events = read_markup(mask.hide(body), mask, self.problems)
        if not errors_in(self.problems):
            self._part("html", body, markup=True)
            self._part("text", mask.reveal(plain_text_of(events, mask)))

    def _part(self, name: str, written: Written, *, markup: bool = False) -> None:
        try:
            self.done.parts[name] = Part(written, self.done.language, markup=markup)
        except LiquidError as error:
            # What was written was sound: markup split a block, such as an `if` begun in a title and ended in the body.
            self._not_liquid(written, error)

    def _wrong(self, place: Place, found: str, expected: str, hint: str | None = None) -> None:
        self.problems.append(Problem(place.file, place.line, place.column, found, expected, hint))
