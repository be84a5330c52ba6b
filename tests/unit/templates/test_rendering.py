"""What a message says, once its template is filled in."""

from datetime import date
from decimal import Decimal

import pytest

from tactful.errors import TactfulError
from tactful.strategy.model import Money
from tactful.templates import MissingVariable, TemplateBroken, Templates
from tactful.templates.spoken import Amount, Day, speak
from tactful.words import Channel
from tests.unit.templates.shop import email, rendered, shop

HELLO = "templates/hello/email.mjml"


def test_an_email_has_subject_html_and_a_plain_text_part_with_its_links() -> None:
    text = email(
        '<p>Dear {{ customer.first_name | default: "you" }},</p><p>Look <a href="https://x.example">here</a>.</p>'
    )
    content = rendered({HELLO: text.replace("subject: Hello", "subject: For {{ event.plan }}\npreheader: Hush")})
    assert content.subject == "For Example"
    assert content.text == (
        "Dear Maya,\n\nLook here (https://x.example).\n\n"
        "Unsubscribe (https://links.example/a1b2c3d4e5f6g7h8) 1 High Street\n"
    )
    assert content.html is not None
    assert '<a href="https://links.example/a1b2c3d4e5f6g7h8">Unsubscribe</a>' in content.html
    assert "<title>For Example</title>" in content.html
    assert ">Hush</div>" in content.html
    assert '<html lang="en"' in content.html


def test_a_plain_text_part_written_by_hand_wins() -> None:
    files = {HELLO: email(), "templates/hello/email.txt": "By hand, {{ customer.first_name | default: 'you' }}."}
    assert rendered(files).text == "By hand, Maya.\n"


def test_the_sender_of_a_template_overrides_the_strategys() -> None:
    head = "subject: Hello\nsender: { name: Maya at {{ sender.name }}, email: maya@shop.example }"
    content = rendered({HELLO: email().replace("subject: Hello", head)})
    assert (content.sender_name, content.sender_email) == ("Maya at The Shop", "maya@shop.example")
    assert rendered({HELLO: email()}).sender_name is None


def test_a_push_has_title_and_link() -> None:
    text = "---\ntitle: For {{ event.plan }}\nlink: https://x.example/?p={{ event.plan | url_encode }}\n---\nTap.\n"
    content = rendered({"templates/hello/push.txt": text}, channel=Channel.PUSH, event__plan="a & b")
    assert (content.title, content.link) == ("For a & b", "https://x.example/?p=a+%26+b")
    assert content.text == "Tap."


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "not an address", "/relative"])
def test_a_link_that_is_no_address_to_open_is_refused(link: str) -> None:
    text = '---\ntitle: x\nlink: "{{ event.plan }}"\n---\nTap.\n'
    with pytest.raises(TemplateBroken, match="link"):
        rendered({"templates/hello/push.txt": text}, channel=Channel.PUSH, event__plan=link)


def test_a_letter_is_html_with_its_text() -> None:
    text = '<h1>Dear {{ customer.first_name | default: "you" }}</h1>\n<p>One<br>two</p><ul><li>a</li><li>b</li></ul>'
    content = rendered({"templates/hello/letter.html": text}, channel=Channel.LETTER, customer__first_name="<M>")
    assert content.html is not None
    assert content.html.startswith("<h1>Dear &lt;M&gt;</h1>")
    assert content.text == "Dear <M>\n\nOne\ntwo\n\n- a\n- b\n"


@pytest.mark.parametrize(
    ("wanted", "got"),
    [("de", "de"), ("de-AT", "de"), ("de-CH", "de-CH"), ("DE-ch", "de-CH"), ("fr", "en"), ("en-US", "en"), ("", "en")],
)
def test_a_language_falls_back_to_its_base_and_then_to_the_strategys(wanted: str, got: str) -> None:
    files = {
        "templates/hello/sms.txt": "en",
        "templates/hello/sms.de.txt": "de",
        "templates/hello/sms.de-CH.txt": "de-CH",
    }
    content = rendered(files, channel=Channel.SMS, language=wanted)
    assert content.text == got
    assert content.language.lower() == got.lower()


def test_dates_and_money_are_said_in_the_language_of_the_template_not_of_the_customer() -> None:
    files = {
        "templates/again/sms.txt": "{{ due_on }} {{ event.total }}",
        "templates/again/sms.de.txt": "{{ due_on }} {{ event.total }}",
    }
    assert rendered(files, name="again", channel=Channel.SMS, language="fr").text == "7 March 2027 £34.00"
    assert rendered(files, name="again", channel=Channel.SMS, language="de").text == "7. März 2027 34,00\xa0£"


@pytest.mark.parametrize(
    ("language", "form", "said"),
    [
        ("en", "long", "7 March 2027"),
        ("en-US", "long", "March 7, 2027"),
        ("en", "full", "Sunday, 7 March 2027"),
        ("en", "%A %-d %B %Y, 100%%", "Sunday 7 March 2027, 100%"),
        ("de", "%a %d.%m.%y", "So. 07.03.27"),
        ("xx", "long", "7 March 2027"),
    ],
)
def test_a_date_has_many_forms(language: str, form: str, said: str) -> None:
    assert Day(date(2027, 3, 7), language).written(form) == said


def test_dates_and_money_compare_by_what_they_are() -> None:
    text = "{% if due_on > '2027-01-01' %}later{% endif %} {% if event.total < 50 %}cheap{% endif %}"
    assert rendered({"templates/again/sms.txt": text}, name="again", channel=Channel.SMS).text == "later cheap"


def test_whole_numbers_lose_their_point_and_deep_nesting_its_end() -> None:
    assert speak([3.0, Decimal("2.00"), 2.5, float("inf"), True], "en") == [3, 2, 2.5, float("inf"), True]
    deep: object = "bottom"
    for _ in range(20):
        deep = [deep]
    assert "bottom" not in str(speak(deep, "en"))
    assert str(Amount(Money(amount=Decimal("1234.5"), currency="EUR"), "en")) == "€1,234.50"


def test_a_list_is_looped_over_whatever_its_items_are() -> None:
    text = "{% for item in event.items limit: 2 %}{{ item.name | default: item }}. {% endfor %}"
    items = [{"name": "Roses"}, "Tulips", "Lilies"]
    content = rendered({"templates/again/sms.txt": text}, name="again", channel=Channel.SMS, event__items=items)
    assert content.text == "Roses. Tulips."


def test_a_group_of_values_is_never_printed_as_code() -> None:
    with pytest.raises(TemplateBroken):
        rendered({"templates/again/sms.txt": "{{ event.items | first }}"}, name="again", channel=Channel.SMS)


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_value_said_aloud_stops_the_message_with_name_file_and_line(value: str | None) -> None:
    text = email("\nDear\n{{ customer.first_name }}")
    strategy = shop()
    variables = {"customer": {"first_name": value} if value is not None else {}, "links": {"unsubscribe": "x"}}
    if value is None:
        with pytest.raises(MissingVariable) as caught:
            Templates.compile(strategy, {HELLO: text}).render("hello", Channel.EMAIL, "en", variables)
        assert (caught.value.name, caught.value.file, caught.value.line) == ("customer.first_name", HELLO, 10)
        assert isinstance(caught.value, TactfulError)
    else:
        # Blanks never get this far: message_variables leaves them out.
        Templates.compile(strategy, {HELLO: text.replace("{{ sender.address }}", "")}).render(
            "hello", Channel.EMAIL, "en", variables
        )


def test_a_missing_value_in_a_partial_or_a_subject_is_found_there() -> None:
    files = {
        HELLO: email("{% render 'partials/sign' %}"),
        "templates/partials/sign.mjml": "a\n{{ customer.favourite }}",
    }
    with pytest.raises(MissingVariable) as in_partial:
        rendered(files, customer__favourite=None)
    assert (in_partial.value.file, in_partial.value.line) == ("templates/partials/sign.mjml", 2)
    with pytest.raises(MissingVariable) as in_subject:
        rendered({HELLO: email().replace("Hello", "{{ customer.favourite }}", 1)}, customer__favourite=None)
    assert in_subject.value.line == 2


def test_a_test_or_a_default_lets_a_missing_value_pass() -> None:
    tested = "{% if customer.favourite > 3 or customer.favourite contains 'a' %}x{% endif %}"
    text = tested + "{{ customer.favourite | default: 'none' }}"
    assert rendered({"templates/hello/sms.txt": text}, channel=Channel.SMS, customer__favourite=None).text == "none"


@pytest.mark.parametrize("text", ["{{ now }}", "{{ today }}", "{{ 'now' | date: '%Y' }}", "{{ 'today' | date }}"])
def test_no_template_knows_what_time_it_is(text: str) -> None:
    with pytest.raises((MissingVariable, TemplateBroken)):
        rendered({"templates/hello/sms.txt": text}, channel=Channel.SMS)


def test_what_is_not_there_is_broken_and_says_what_is_missing() -> None:
    with pytest.raises(TemplateBroken, match=r"templates/hello/sms\.txt: no template for sms"):
        rendered({HELLO: email()}, channel=Channel.SMS)


def test_one_broken_template_stops_nobody_else() -> None:
    files = {HELLO: email(), "templates/hello/sms.txt": "{{ unclosed"}
    assert rendered(files).subject == "Hello"
    with pytest.raises(TemplateBroken, match="without"):
        rendered(files, channel=Channel.SMS)


@pytest.mark.parametrize("text", ["", "   \n", "{% if customer.favourite == 'x' %}y{% endif %}"])
def test_a_message_with_nothing_to_say_is_refused(text: str) -> None:
    with pytest.raises(TemplateBroken, match="nothing is left to say"):
        rendered({"templates/hello/sms.txt": text}, channel=Channel.SMS)


def test_an_empty_subject_is_refused() -> None:
    text = email().replace("subject: Hello", "subject: '{% if customer.points == 99 %}x{% endif %}'")
    with pytest.raises(TemplateBroken, match="subject is empty"):
        rendered({HELLO: text})


def test_a_partial_takes_arguments_and_the_language_of_its_template() -> None:
    files = {
        "templates/hello/sms.txt": "{% render 'partials/sign', name: \"Tom\", plan: event.plan %}",
        "templates/hello/sms.de.txt": "{% render 'partials/sign', name: 'Tom' %}",
        "templates/partials/sign.txt": "Yours, {{ name }} ({{ plan }})\n",
        "templates/partials/sign.de.txt": "Grüße, {{ name }}\n",
    }
    assert rendered(files, channel=Channel.SMS).text == "Yours, Tom (Example)"
    assert rendered(files, channel=Channel.SMS, language="de").text == "Grüße, Tom"


def test_line_ends_and_a_byte_order_mark_make_no_difference() -> None:
    plain = {HELLO: email("Hello.")}
    odd = {HELLO: "\ufeff" + email("Hello.").replace("\n", "\r\n")}
    assert rendered(plain) == rendered(odd)
