"""Whatever stands in a template: `check` answers with problems, never with a traceback, and what it passes renders."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tactful.strategy.problems import errors_in
from tactful.templates import TemplateError, Templates, check_templates
from tactful.words import Channel
from tests.unit.templates.shop import email, florist, only, rendered, shop

FRAGMENTS = [
    *(
        "{{",
        "}}",
        "{%",
        "%}",
        "{% if topic.says %}",
        "{% endif %}",
        "{% else %}",
        "{% for i in (1..3) %}",
        "{% endfor %}",
    ),
    *(
        "{{ topic.says }}",
        "{{ event.plan | upcase }}",
        "{{ customer.first_name | default: 'x' }}",
        "{{ nobody }}",
        "{{ i }}",
    ),
    *("{% assign a = 1 %}", "{{ a }}", "{% raw %}", "{% endraw %}", "{% comment %}", "{% endcomment %}", "{% liquid"),
    *("{% render 'partials/p' %}", "{% render 'partials/q', a: 1 %}", "{% case a %}", "{% when 1 %}", "{% endcase %}"),
    *("<mjml>", "</mjml>", "<mj-body>", "</mj-body>", "<mj-section>", "</mj-section>", "<mj-column>", "</mj-column>"),
    *("<mj-text>", "</mj-text>", "<mj-head>", "</mj-head>", "<mj-title>", "</mj-title>", "<mj-raw>", "</mj-raw>"),
    *(
        "<mj-button href='{{ links.unsubscribe }}'>",
        "</mj-button>",
        "<mj-image src='x' />",
        "<mj-divider />",
        "<mj-spacer/>",
    ),
    *(
        "<p>",
        "</p>",
        "<br>",
        "<a href='x'>",
        "</a>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?x",
        "&nbsp;",
        "&bogus;",
        "&#0;",
    ),
    *(
        "---",
        "\n---\n",
        "subject: x",
        ": ",
        "\n",
        " ",
        "x",
        "'",
        '"',
        "\\",
        "\x00",
        "\ud7ff",
        "é",
        "\u2028",
        "\t",
        "😀",
    ),
    *("<style>", "</style>", "<mj-style>", "</mj-style>", "<title>", "</title>", "<mj-attributes>", "</mj-attributes>"),
]
TEXT = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=25).map("".join)
PARTIALS = {"templates/partials/p.mjml": "<mj-text>p</mj-text>", "templates/partials/q.txt": "q {{ a }}"}


def sound_or_refused(files: dict[str, str], by: str) -> None:
    strategy = only(shop(by), "hello")
    problems = check_templates(strategy, files)
    for problem in problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.found
        assert problem.expected
    templates = Templates.compile(strategy, files)
    if not errors_in(problems):
        channel = Channel(by)
        content = templates.render("hello", channel, "en", {"links": {}, "topic": {"says": "x"}, **SURE})
        assert content.text


SURE: dict[str, object] = {
    "customer": {"email": "a@b.example", "language": "en", "time_zone": "UTC", "first_name": "Ada"},
    "event": {"plan": "x"},
    "links": {"unsubscribe": "u", "preferences": "p"},
    "sender": {"name": "n", "email": "e", "address": "a"},
}


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXT)
def test_any_email(text: str) -> None:
    for whole in (text, email(text), f"---\nsubject: {text}\n---\n{email()}"):
        sound_or_refused({"templates/hello/email.mjml": whole, **PARTIALS}, "email")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXT)
def test_any_text_message_letter_or_push(text: str) -> None:
    for by, file in (("sms", "sms.txt"), ("letter", "letter.html"), ("push", "push.txt")):
        sound_or_refused({f"templates/hello/{file}": text, **PARTIALS}, by)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_wound_to_the_florist(data: st.DataObject) -> None:
    """A piece cut out of, or put into, one of the florist's own files."""
    strategy, files = florist()
    path = data.draw(st.sampled_from(sorted(path for path in files if path.startswith("templates/"))))
    text = files[path]
    at = data.draw(st.integers(0, len(text)))
    wounded = text[:at] + data.draw(TEXT) + text[at + data.draw(st.integers(0, 20)) :]
    check_templates(strategy, {**files, path: wounded})


KINDS = ("x", "", 0, 1.5, True, [], ["a"], {}, {"a": [1]}, [[[]]], b"x", object())


@pytest.mark.parametrize("text", ["{{ event.plan }}", "{{ event.plan | upcase | size }}", "{{ event.plan | join }}."])
@pytest.mark.parametrize("value", KINDS, ids=range(len(KINDS)))
def test_values_of_any_kind_make_a_message_or_a_named_refusal(text: str, value: object) -> None:
    refused = None
    try:
        rendered({"templates/hello/sms.txt": text}, channel=Channel.SMS, event__plan=value)
    except TemplateError as error:
        refused = error.file
    assert refused in {None, "templates/hello/sms.txt"}
