"""The `templates/` part of a strategy folder: which file is whose template, in which language.

Pure: the files come as text. Names decide everything, so this is where a name is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tactful.templates.written import File
from tactful.words import Channel

FILE_NAMES: dict[Channel, str] = {
    Channel.EMAIL: "email.mjml",
    Channel.SMS: "sms.txt",
    Channel.PUSH: "push.txt",
    Channel.LETTER: "letter.html",
    Channel.CALL: "call.txt",
}
EMAIL_TEXT = "email.txt"
PARTIALS = "partials"
NAME = re.compile(
    r"templates/(?P<template>[^/]+)/(?P<stem>[^./]+)(?:\.(?P<language>[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*))?"
    r"\.(?P<ending>mjml|txt|html)"
)
LARGEST_FILE = 100_000
"""Characters in one template: an email of that size is cut by those who show it."""


@dataclass(frozen=True, slots=True)
class Name:
    """A file's name, read: `language` is the suffix, "" for the strategy's own language."""

    template: str
    kind: str
    language: str


def read_name(path: str) -> Name | None:
    """Return what a path in a strategy folder is a template of, or None where it is none."""
    match = NAME.fullmatch(path)
    if match is None:
        return None
    return Name(match["template"], f"{match['stem']}.{match['ending']}", (match["language"] or "").lower())


class TemplateFolder:
    """The templates of one strategy.

    Args:
        files: Text by path inside the strategy folder; what is not below `templates/` is ignored.
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files: dict[Name, File] = {}
        self.strangers: list[str] = []
        """Paths below `templates/` whose names say nothing, in order."""
        for path in sorted(files):
            if not path.startswith("templates/"):
                continue
            name = read_name(path)
            if name is None or (name.template != PARTIALS and name.kind not in {*FILE_NAMES.values(), EMAIL_TEXT}):
                self.strangers.append(path)
            else:
                text = files[path].removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
                self._files[name] = File(path, text)

    @property
    def templates(self) -> dict[str, File]:
        """One file of each template, by the template's name."""
        return {name.template: file for name, file in reversed(self._files.items()) if name.template != PARTIALS}

    def languages(self, template: str, channel: Channel) -> list[str]:
        """Return the language suffixes a template has on a channel, "" for the strategy's own language, sorted."""
        kind = FILE_NAMES[channel]
        return sorted(name.language for name in self._files if (name.template, name.kind) == (template, kind))

    def file(self, template: str, channel: Channel, language: str) -> File | None:
        """Return a template on a channel in exactly this language."""
        return self._files.get(Name(template, FILE_NAMES[channel], language))

    def email_text(self, template: str, language: str) -> File | None:
        """Return the plain-text part written by hand for an email, if there is one."""
        return self._files.get(Name(template, EMAIL_TEXT, language))

    def partial(self, name: str, ending: str, language: str) -> File | None:
        """Return the partial `partials/…` with an ending, in the language or else without one."""
        folder, _, stem = name.partition("/")
        if folder != PARTIALS or not stem:
            return None
        kind = f"{stem}.{ending}"
        for tag in (language, language.split("-", maxsplit=1)[0], ""):
            if (file := self._files.get(Name(PARTIALS, kind, tag))) is not None:
                return file
        return None
