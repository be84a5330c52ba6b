"""Everything that is wrong with the templates of a strategy, at once, at the lines people wrote.

This module looks at which files there are, which are missing and which nobody looks up; what stands in them is looked
at by `tactful.templates.saying`. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tactful.strategy.model import Communication, Strategy
from tactful.strategy.problems import Problem, Severity, in_reading_order
from tactful.strategy.spelling import did_you_mean, listed
from tactful.templates.compiled import Compiled, compile_template
from tactful.templates.folder import FILE_NAMES, TemplateFolder
from tactful.templates.saying import Saying
from tactful.words import Channel


def check_templates(strategy: Strategy, files: Mapping[str, str]) -> list[Problem]:
    """Return what is wrong with the templates of a strategy, errors and warnings, in reading order.

    Args:
        strategy: The strategy, already sound in itself.
        files: Text by path inside the strategy folder.
    """
    check = _Check(strategy, TemplateFolder(files))
    for step in strategy.steps.values():
        for communication in step.communications:
            saying = Saying(strategy, step, communication, check.problems)
            for template in templates_of(communication):
                check.template(saying, template)
    check.strangers()
    return list(in_reading_order(check.problems))


def templates_of(communication: Communication) -> list[str]:
    """Return the templates a communication may use: its own, then those its `instead` gives."""
    return list(dict.fromkeys([communication.name, *communication.instead.values()]))


def channels_of(communication: Communication) -> list[Channel]:
    """Return the channels a communication may use, in the order it names them."""
    return list(dict.fromkeys(channel for route in communication.by for channel in route.channels))


@dataclass(slots=True)
class _Check:
    strategy: Strategy
    folder: TemplateFolder
    problems: list[Problem] = field(default_factory=list[Problem])
    compiled: dict[str, Compiled | None] = field(default_factory=dict[str, "Compiled | None"])

    def wrong(
        self, file: str, found: str, expected: str, hint: str | None = None, severity: Severity = "error"
    ) -> None:
        self.problems.append(Problem(file, 1, 1, found, expected, hint, severity=severity))

    def template(self, saying: Saying, template: str) -> None:
        """Check one template as one communication says it, on every channel and in every language."""
        channels = channels_of(saying.communication)
        for channel in channels:
            suffixes = self.folder.languages(template, channel)
            if not {"", self.strategy.language.lower()} & set(suffixes):
                self.missing(saying.communication, template, channel)
            for suffix in suffixes:
                compiled = self.compile(template, channel, suffix)
                if compiled is not None:
                    saying.check(compiled, template, channel)
        self.translations(template, channels)

    def compile(self, template: str, channel: Channel, suffix: str) -> Compiled | None:
        """Return a template compiled once, whatever number of communications it speaks for."""
        file = self.folder.file(template, channel, suffix)
        assert file is not None
        if file.path not in self.compiled:
            tag = suffix or self.strategy.language
            self.compiled[file.path], problems = compile_template(
                self.folder, file, template=template, channel=channel, suffix=suffix, language=tag
            )
            self.problems += problems
        return self.compiled[file.path]

    def missing(self, communication: Communication, template: str, channel: Channel) -> None:
        said = communication.name
        whose = f'"{said}"' if said == template else f'"{template}" (instead of "{said}")'
        path = f"templates/{template}/{FILE_NAMES[channel]}"
        self.wrong(path, f"no such file, but {whose} goes out by {channel}", "a template here")

    def translations(self, template: str, channels: list[Channel]) -> None:
        """Report a language in which one channel is translated and another is not."""
        own = {"", self.strategy.language.lower()}
        suffixes = {channel: set(self.folder.languages(template, channel)) for channel in channels}
        everywhere = sorted({tag for tags in suffixes.values() for tag in tags} - own)
        for channel, tag in ((channel, tag) for channel in channels for tag in everywhere):
            if suffixes[channel] and tag not in suffixes[channel]:
                stem, _, ending = FILE_NAMES[channel].partition(".")
                others = listed(other for other in channels if tag in suffixes[other])
                found = f"no {tag} by {channel}, though there is one by {others}"
                self.wrong(f"templates/{template}/{stem}.{tag}.{ending}", found, "a translation here", None, "warning")

    def strangers(self) -> None:
        """Report files and folders that nothing looks up: most often a typo beside a missing template."""
        steps = self.strategy.steps.values()
        said = {name for step in steps for saying in step.communications for name in templates_of(saying)}
        for template, file in self.folder.templates.items():
            if template not in said:
                found = f'templates of "{template}", which no communication says'
                self.wrong(file.path, found, "the name of a communication", did_you_mean(template, said), "warning")
        expected = f"{listed([*FILE_NAMES.values(), 'email.txt'])}, with a language as in email.de.mjml"
        for path in self.folder.strangers:
            self.wrong(path, "a file no channel looks up", expected, None, "warning")
