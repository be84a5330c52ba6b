"""What a customer typed stays text: never markup, never Liquid, never a second header line."""

import re
from html.parser import HTMLParser

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tactful.templates import Content, Templates, sample_variables
from tactful.words import Channel
from tests.unit.templates.shop import email, florist, said, shop

NAME = "{{ customer.first_name | default: 'you' }}"
FILES = {
    "templates/hello/email.mjml": email(
        f'<a href="https://x.example/?n={NAME}" title="{NAME}">{NAME}</a>'
        "{% assign n = customer.first_name | default: 'you' | append: '!' %}{{ n }}"
        "{% capture c %}<i>{{ n }}</i>{% endcapture %}{{ c }}{{ n | newline_to_br }}{{ n | split: ' ' | join: '<br>' }}"
        "{{ '<b>' | append: n | append: '</b>' }}{{ n | replace: 'Q', '<u>' }}{{ n | url_decode }}"
    ).replace("subject: Hello", f"subject: Hello {NAME}\npreheader: For {NAME}\nsender: {NAME}"),
    "templates/hello/sms.txt": f"Hi {NAME}. STOP",
    "templates/hello/push.txt": f"---\ntitle: Hi {NAME}\nlink: https://x.example/?n={NAME}\n---\nFor {NAME}\n",
    "templates/hello/letter.html": f'<p title="{NAME}">Dear {NAME}</p>',
}
TEMPLATES = Templates.compile(shop(), FILES)
NASTY = (
    "<script>alert(1)</script>",
    "{{ 7 | times: 7 }}{% raw %}",
    "Ada\r\nBcc: all@x.example",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='x",
    "]]><!--",
    "\u2028Bcc: x\x85Bcc: y\x0bz\x00",
    "\u202eadA",
    "&lt;b&gt; &amp;",
    "tfp0z",
    "%3Cscript%3E",
    "{%",
    "}}",
)


class Tags(HTMLParser):
    """The tags and attribute names of a document, which are all a value could smuggle in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", ()))

    def handle_comment(self, data: str) -> None:
        self.found.append(("!", ()))


def content_for(name: str, channel: Channel) -> Content:
    found = said(shop(), "hello")
    variables = sample_variables(shop(), found.step, found.communication, "en")
    customer = variables["customer"]
    assert isinstance(customer, dict)
    customer["first_name"] = name
    return TEMPLATES.render("hello", channel, "en", variables)


PLAIN = {channel: Tags(content_for("Ada", channel).html or "").found for channel in (Channel.EMAIL, Channel.LETTER)}


def with_examples(test):  # noqa: ANN001, ANN201 - hypothesis decorators have no simple type
    for value in NASTY:
        test = example(value)(test)
    return test


@with_examples
@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(str.strip))
def test_a_name_never_becomes_markup(name: str) -> None:
    # The template itself splits names at blanks, and swaps a Q for a tag.
    word = "".join(name.split()).replace("Q", "") or "x"
    for channel, tags in PLAIN.items():
        assert Tags(content_for(word, channel).html or "").found == tags


@with_examples
@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_a_name_never_becomes_a_header_line_or_code(name: str) -> None:
    mail = content_for(name, Channel.EMAIL)
    push = content_for(name, Channel.PUSH)
    for line in (mail.subject, mail.sender_name, push.title, push.link):
        assert re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", line or "") is None
    assert "49" not in content_for(name, Channel.SMS).text or "49" in name
    for content in (mail, push, content_for(name, Channel.LETTER)):
        assert "\x00" not in content.text + (content.html or "")


def test_escaped_once_and_only_where_there_is_markup() -> None:
    name = "O'Neill & <Sons>"
    assert content_for(name, Channel.SMS).text == f"Hi {name}. STOP"
    assert content_for(name, Channel.EMAIL).subject == f"Hello {name}"
    html = content_for(name, Channel.LETTER).html
    assert html == '<p title="O&#39;Neill &amp; &lt;Sons&gt;">Dear O&#39;Neill &amp; &lt;Sons&gt;</p>'
    assert content_for(name, Channel.LETTER).text == f"Dear {name}\n"


def test_joiners_that_make_one_sign_of_several_stay_in_a_subject() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert content_for(family, Channel.EMAIL).subject == f"Hello {family}"


def test_the_florists_templates_let_no_name_through_as_markup() -> None:
    strategy, files = florist()
    templates = Templates.compile(strategy, files)
    found = said(strategy, "hello")
    variables = sample_variables(strategy, found.step, found.communication, "en")
    plain = Tags(templates.render("hello", Channel.EMAIL, "en", variables).html or "").found
    variables["customer"] = {"first_name": NASTY[0] + NASTY[3]}
    assert Tags(templates.render("hello", Channel.EMAIL, "en", variables).html or "").found == plain
