"""Templates of one version, compiled once, and the content of one message made from them.

Pure: the same template, language and variables give the same content, on any machine and on any day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from tactful.strategy.model import Strategy
from tactful.strategy.problems import errors_in
from tactful.templates.compiled import Compiled, compile_template
from tactful.templates.errors import TemplateBroken
from tactful.templates.folder import FILE_NAMES, TemplateFolder
from tactful.templates.plain_text import tidy
from tactful.templates.spoken import speak
from tactful.words import Channel

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""What could end a header line or turn the direction of reading."""
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
REFUSED_SCHEMES = frozenset({"javascript:", "data:", "vbscript:", "file:"})


@dataclass(frozen=True, slots=True)
class Content:
    """What one message says on one channel.

    Attributes:
        text: Plain text; for an email its plain-text part; for a call what there is to say.
        language: Tag of the language it is in.
        html: For email and letter.
        subject: For email, and letter and call where given; one line.
        sender_name: Where the template overrides the strategy's sender; for SMS the sender's id.
        sender_email: Where the template overrides the strategy's sender.
        title: For push, where given; one line.
        link: For push, what a tap opens.
    """

    text: str
    language: str
    html: str | None = None
    subject: str | None = None
    sender_name: str | None = None
    sender_email: str | None = None
    title: str | None = None
    link: str | None = None


class Templates:
    """All templates of one version; made by `compile`, then only read: safe to share between threads."""

    def __init__(self, language: str, compiled: Mapping[tuple[str, Channel], Mapping[str, Compiled | str]]) -> None:
        self._language = language
        self._compiled = compiled

    @classmethod
    def compile(cls, strategy: Strategy, files: Mapping[str, str]) -> Templates:
        """Return the templates of a strategy folder, ready to render.

        A file that cannot be compiled stops nobody else: only its own messages raise `TemplateBroken`.

        Args:
            strategy: The version the templates belong to.
            files: Text by path inside the strategy folder.
        """
        folder = TemplateFolder(files)
        compiled: dict[tuple[str, Channel], dict[str, Compiled | str]] = {}
        for template in folder.templates:
            for channel in FILE_NAMES:
                for suffix in folder.languages(template, channel):
                    file = folder.file(template, channel, suffix)
                    assert file is not None
                    tag = suffix or strategy.language
                    done, problems = compile_template(
                        folder, file, template=template, channel=channel, suffix=suffix, language=tag
                    )
                    by_language = compiled.setdefault((template, channel), {})
                    by_language[tag.lower()] = done or str(errors_in(problems)[0])
        return cls(strategy.language, compiled)

    def render(self, template: str, channel: Channel, language: str, variables: Mapping[str, object]) -> Content:
        """Return a template's content on a channel, in the best language there is.

        Args:
            template: The communication's name, or the one its `instead` gives.
            channel: The channel.
            language: The customer's language tag; the exact one is tried first, then its base, then the strategy's.
            variables: As `message_variables` builds them.

        Raises:
            MissingVariable: A variable said aloud has no value for this customer.
            TemplateTooCostly: A loop, text or value grew past its limit.
            TemplateBroken: There is no such template, or it cannot use these values.
        """
        compiled = self._find(template, channel, language)
        spoken = cast("dict[str, object]", speak(variables, compiled.language))
        filled = {name: part.fill(spoken) for name, part in compiled.parts.items()}
        lines = {name: _one_line(filled[name]) for name in filled if name not in {"html", "text"}}
        content = Content(
            text=_body(tidy(filled["text"]), channel),
            language=compiled.language,
            html=UNPRINTABLE.sub("", filled["html"]) if "html" in filled else None,
            **{name: value or None for name, value in lines.items()},
        )
        _refuse_hollow(content, channel, compiled)
        return content

    def _find(self, template: str, channel: Channel, language: str) -> Compiled:
        by_language = self._compiled.get((template, channel), {})
        for tag in _candidates(language, self._language):
            found = by_language.get(tag)
            if isinstance(found, Compiled):
                return found
            if found is not None:
                raise TemplateBroken(f"it cannot be used: {found}", f"templates/{template}/{FILE_NAMES[channel]}", None)
        raise TemplateBroken(f"no template for {channel}", f"templates/{template}/{FILE_NAMES[channel]}", None)


def _candidates(language: str, otherwise: str) -> Iterator[str]:
    for tag in (language.lower(), otherwise.lower()):
        parts = tag.split("-")
        for count in range(len(parts), 0, -1):
            yield "-".join(parts[:count])


def _one_line(text: str) -> str:
    return " ".join(CONTROLS.sub(" ", text).split())


def _body(text: str, channel: Channel) -> str:
    text = UNPRINTABLE.sub("", text)
    return text if channel in {Channel.EMAIL, Channel.LETTER} else text.strip()


def _refuse_hollow(content: Content, channel: Channel, compiled: Compiled) -> None:
    """Refuse a message that has nothing to say, or a link no telephone should open."""
    if not content.text.strip():
        raise TemplateBroken("nothing is left to say", compiled.file, None)
    if channel is Channel.EMAIL and not content.subject:
        raise TemplateBroken("its subject is empty", compiled.file, None)
    if content.link is not None:
        scheme = SCHEME.match(content.link)
        if scheme is None or scheme.group().lower() in REFUSED_SCHEMES:
            raise TemplateBroken("its link is no address to open", compiled.file, None)
