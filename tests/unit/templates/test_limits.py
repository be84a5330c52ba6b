"""Templates that never end, grow without bound or are made to be slow to read: each is refused, and soon."""

import pytest

from tactful.strategy.problems import errors_in
from tactful.templates import TemplateTooCostly
from tactful.words import Channel
from tests.unit.templates.shop import email, problems_of, rendered

BOMBS = [
    "{% for i in (1..1000000000) %}x{% endfor %}",
    "{% for i in (1..1000000000) reversed %}x{% endfor %}",
    "{% for i in (1..9000) %}{% for j in (1..9000) %}x{% endfor %}{% endfor %}",
    "{% for i in (1..90000) %}{% assign a = 1 %}{% assign b = 2 %}{% assign c = 3 %}{% endfor %}x",
    "{% assign a = 'xxxxxxxxxx' %}{% for i in (1..100) %}{% assign a = a | append: a %}{% endfor %}{{ a }}",
    "{% assign a = 'x' %}{% for i in (1..100) %}{% capture a %}{{ a }}{{ a }}{% endcapture %}{% endfor %}{{ a }}",
    "{% assign n = 99999 %}{% for i in (1..100) %}{% assign n = n | times: n %}{% endfor %}{{ n }}",
    "{{ event.plan | replace: '', event.plan }}",
    "{{ event.plan | replace: 'x', event.plan }}",
    "{{ event.plan | split: '' | uniq | join: event.plan }}",
    "{{ event.plan | slice: 0, 1900 | split: '' | join: event.plan }}",
    "{% assign r = (1..100000000) %}{{ r | reverse | size }}",
    "{{ (1..100000000) | sort }}",
    "{% for i in (1..40) %}{{ event.plan }}{% endfor %}",
]


@pytest.mark.parametrize("text", BOMBS)
@pytest.mark.timeout(100)
def test_a_costly_template_stops_at_its_budget(text: str) -> None:
    with pytest.raises(TemplateTooCostly) as caught:
        rendered({"templates/hello/sms.txt": text}, channel=Channel.SMS, event__plan="x" * 20_000)
    assert (caught.value.file, caught.value.line) == ("templates/hello/sms.txt", 1)
    assert "xxx" not in str(caught.value)


def test_an_honest_basket_is_far_from_the_budget() -> None:
    text = email("<ul>{% for i in (1..200) %}<li>{{ i | times: 2 | append: ' roses' | upcase }}</li>{% endfor %}</ul>")
    assert rendered({"templates/hello/email.mjml": text}).text.count("ROSES") == 200


SLOW_TO_READ = [
    "{{" + " " * 90_000,
    "{{" + " " * 90_000 + "}}",
    "{{ " * 30_000,
    "{%" * 40_000,
    "{% raw %}" * 9_000,
    "{% comment %}" * 7_000,
    "{% if a %}" * 9_000,
    "{{ a" + "|upcase" * 12_000 + " }}",
    "{{ a" + ".b" * 40_000 + " }}",
    "{% if a" + " and a" * 12_000 + " %}x{% endif %}",
    "<a/" * 30_000,
    "<a a=" * 18_000,
    '<a a="' * 15_000,
    "<!--" * 24_000,
    "<a" + " " * 90_000 + ">",
    "&" * 90_000,
    "</" * 45_000,
    "<b>" * 30_000,
    "{% render 'partials/x' %}" * 3_000,
]


@pytest.mark.parametrize("text", SLOW_TO_READ, ids=range(len(SLOW_TO_READ)))
@pytest.mark.timeout(100)
def test_a_template_made_to_be_slow_to_read_is_read_or_refused_soon(text: str) -> None:
    """Before the pieces were found by hand, the first of these took seven minutes."""
    for file, by in (("email.mjml", "email"), ("letter.html", "letter"), ("sms.txt", "sms")):
        whole = email(text) if by == "email" else text
        head = f"---\nsubject: {text}\n---\nx" if by == "letter" else whole
        assert len(problems_of(whole, file=file, by=by)) < 1000
        assert errors_in(problems_of(head, file=file, by=by)) or by != "letter"
