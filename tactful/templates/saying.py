"""What stands in a template, checked for one communication: names, values that may be missing, manners, sizes.

Manners are what would annoy the reader of a message: no subject, no way out of marketing, a text message of five
segments. A template that passes is filled in once with made-up values, to see that it fills.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tactful.strategy.model import Communication, Step, Strategy
from tactful.strategy.problems import Problem, Severity
from tactful.strategy.spelling import did_you_mean, listed
from tactful.templates.compiled import Compiled, Source
from tactful.templates.errors import TemplateError
from tactful.templates.rendering import Content, Templates
from tactful.templates.samples import sample_variables
from tactful.templates.sms import sms_length
from tactful.templates.uses import Use
from tactful.templates.variables import Variable, variables_for
from tactful.templates.written import Place
from tactful.words import Channel, Purpose

MOST_SEGMENTS = 3
MOST_PUSH = 178
"""Characters a locked telephone shows of a notification."""
MOST_HTML = 100 * 1024
"""Bytes: Gmail cuts a message at 102 kB, its last lines (the unsubscribe link) first."""
MOST_NOTES = 2_000
"""Characters that somebody reads before they dial."""
WAYS_OUT = frozenset({"links.unsubscribe", "links.preferences"})


@dataclass(frozen=True, slots=True)
class Saying:
    """A communication, as the templates it uses are checked for it; `problems` takes what is wrong."""

    strategy: Strategy
    step: Step
    communication: Communication
    problems: list[Problem]

    def check(self, compiled: Compiled, template: str, channel: Channel) -> None:
        """Report what is wrong with a compiled template when this communication says it on a channel."""
        vocabulary = self._vocabulary(channel)
        known = [self._names(source, vocabulary) for source in compiled.sources]
        self._manners(compiled, channel)
        if all(known) and ("subject" in compiled.parts or channel is not Channel.EMAIL):
            self._fill(compiled, template, channel)

    def _wrong(
        self, place: Place, found: str, expected: str, hint: str | None = None, *, severity: Severity = "error"
    ) -> None:
        self.problems.append(Problem(place.file, place.line, place.column, found, expected, hint, severity=severity))

    def _warn(self, compiled: Compiled, found: str, expected: str, hint: str | None = None) -> None:
        self._wrong(Place(compiled.file, 1, 1), found, expected, hint, severity="warning")

    def _vocabulary(self, channel: Channel) -> dict[str, Variable]:
        """Return what may be said on a channel: who is reached by email has an address."""
        found = variables_for(self.strategy, self.step, self.communication)
        if channel is Channel.EMAIL:
            found["customer.email"] = replace(found["customer.email"], always=True)
        return found

    def _names(self, source: Source, vocabulary: Mapping[str, Variable]) -> bool:
        """Report unknown variables, and known ones that may be missing; return whether all are known."""
        known = True
        for use in source.uses.variables:
            variable = _look_up(use.name, vocabulary)
            place = source.written.place(use.offset)
            if variable is None:
                known = False
                expected = f'something "{self.communication.name}" knows'
                hint = did_you_mean(use.name, vocabulary) or _there_are(use, vocabulary)
                self._wrong(place, f'unknown variable "{use.name}"', expected, hint)
            elif not variable.always and not use.guarded:
                self._wrong(
                    place,
                    f'"{use.name}", which not every customer has',
                    f'`{use.name} | default: "…"` or `{{% if {use.name} %}}` around it',
                    "Without it, the message to a customer who has none waits for a person.",
                    severity="warning" if variable.declared else "error",
                )
        return known

    def _manners(self, compiled: Compiled, channel: Channel) -> None:
        """Report what a reader misses: a subject, a way out, an address."""
        if channel is Channel.EMAIL and "subject" not in compiled.parts:
            expected = "`subject: …` between `---` lines at its head"
            self._wrong(Place(compiled.file, 1, 1), "an email without a subject", expected)
        if self.strategy.topics[self.communication.topic].purpose is not Purpose.MARKETING:
            return
        way_out = bool(compiled.names & WAYS_OUT)
        if channel is Channel.EMAIL and not way_out:
            expected = "{{ links.unsubscribe }} or {{ links.preferences }}"
            self._warn(compiled, "marketing without a way to unsubscribe", expected)
        if channel is Channel.EMAIL and "sender.address" not in compiled.names:
            hint = "Many countries ask for it in every commercial email."
            self._warn(compiled, "marketing without a postal address", "{{ sender.address }}", hint)
        if channel is Channel.SMS and not way_out and "STOP" not in compiled.parts["text"].written.text.upper():
            expected = "a word to answer with, such as STOP, or {{ links.preferences }}"
            self._warn(compiled, "marketing without a way to unsubscribe", expected)

    def _fill(self, compiled: Compiled, template: str, channel: Channel) -> None:
        """Fill the template with made-up values and report what only then shows."""
        variables = sample_variables(self.strategy, self.step, self.communication, compiled.language)
        tag = compiled.language
        one = Templates(tag, {(template, channel): {tag.lower(): compiled}})
        try:
            content = one.render(template, channel, tag, variables)
        except TemplateError as error:
            found = f"a template that cannot be filled in ({error})"
            self._wrong(Place(error.file, error.line or 1, 1), found, "one that takes any value of the declared types")
        else:
            self._sizes(content, compiled, channel)

    def _sizes(self, content: Content, compiled: Compiled, channel: Channel) -> None:
        if channel is Channel.SMS:
            length = sms_length(content.text)
            if length.segments > MOST_SEGMENTS:
                hint = f"{listed(length.costly)} cost half the room of each." if length.costly else None
                found = f"a text message of about {length.segments} segments"
                self._warn(compiled, found, f"at most {MOST_SEGMENTS}", hint)
        elif channel is Channel.PUSH and len(content.text) > MOST_PUSH:
            found = f"a notification of about {len(content.text)} characters"
            self._warn(compiled, found, f"at most {MOST_PUSH}, to be seen whole")
        elif channel is Channel.CALL and len(content.text) > MOST_NOTES:
            found = f"about {len(content.text):,} characters to say in a call"
            self._warn(compiled, found, f"at most {MOST_NOTES:,}: notes, to be read before the call")
        elif channel is Channel.EMAIL and (size := len((content.html or "").encode())) > MOST_HTML:
            hint = "Gmail cuts longer ones, the unsubscribe link first."
            self._warn(compiled, f"an email of about {size // 1024} kB", f"at most {MOST_HTML // 1024} kB", hint)


def _look_up(name: str, vocabulary: Mapping[str, Variable]) -> Variable | None:
    """Return the variable a dotted name leads to; inside a list anything may stand."""
    if name in vocabulary:
        return vocabulary[name]
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        variable = vocabulary.get(".".join(parts[:count]))
        if variable is not None:
            return variable if _inside(variable, parts[count:]) else None
    return None


def _inside(variable: Variable, parts: list[str]) -> bool:
    """Say whether a variable has what a template asks of it: a size, or of a list's items what is known of them."""
    if parts == ["size"] or variable.type != "list" or not variable.fields:
        return variable.type == "list" or (variable.type == "text" and parts == ["size"])
    return len(parts) == 1 or (len(parts) == 2 and parts[1] in variable.fields)  # noqa: PLR2004 - an item, its field


def _there_are(use: Use, vocabulary: Mapping[str, Variable]) -> str:
    root = use.name.partition(".")[0]
    fields = vocabulary[root].fields if root in vocabulary else ()
    if fields:
        return f"Each of {root} has {listed(fields)}."
    names = [name for name in vocabulary if name.partition(".")[0] == root]
    return f"There are {listed(names or vocabulary, most=30)}."
