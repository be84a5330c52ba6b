"""Whole messages of the florist, kept as files: a change of a word, a filter or a compiler shows here.

`python -m tests.unit.templates.test_golden` writes them anew; read the difference before committing it.
"""

from pathlib import Path

import pytest

from tactful.templates import Templates, sample_variables
from tactful.words import Channel
from tests.unit.templates.shop import florist, said

GOLDEN = Path(__file__).parent / "golden"
KEPT = [
    ("hello", "hello", Channel.EMAIL, "en"),
    ("early-bird", "early-bird", Channel.EMAIL, "de"),
    ("left-behind", "left-behind", Channel.EMAIL, "en"),
    ("last-call", "last-call", Channel.SMS, "en"),
    ("first-treat", "first-treat", Channel.PUSH, "de"),
    ("wish", "wish", Channel.LETTER, "en"),
]


def message(communication: str, template: str, channel: Channel, language: str) -> dict[str, str]:
    """Return the files of one message by their names."""
    strategy, files = florist()
    found = said(strategy, communication)
    variables = sample_variables(strategy, found.step, found.communication, language)
    content = Templates.compile(strategy, files).render(template, channel, language, variables)
    lines = {"Subject": content.subject, "Title": content.title, "Link": content.link, "From": content.sender_name}
    head = "".join(f"{name}: {value}\n" for name, value in lines.items() if value)
    name = f"{template}.{channel}.{language}"
    kept = {f"{name}.txt": f"{head}\n{content.text.rstrip()}\n"}
    if content.html is not None:
        kept[f"{name}.html"] = content.html.rstrip() + "\n"
    return kept


@pytest.mark.parametrize(("communication", "template", "channel", "language"), KEPT)
def test_a_message_is_what_it_was(communication: str, template: str, channel: Channel, language: str) -> None:
    for name, text in message(communication, template, channel, language).items():
        assert text == (GOLDEN / name).read_text(encoding="utf-8"), name


if __name__ == "__main__":
    for kept_message in KEPT:
        for file, content in message(*kept_message).items():
            (GOLDEN / file).write_text(content, encoding="utf-8")
