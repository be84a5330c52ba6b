"""What `check` says about templates: each mistake, at the place where somebody made it."""

import pytest

from tactful.strategy.problems import Problem
from tactful.templates import check_templates
from tests.unit.templates.shop import BODY_LINE, EMAIL, email, only, problems_of, said, shop

SOUND = {"templates/hello/email.mjml": email(), "templates/again/email.mjml": email()}


def told(problems: list[Problem]) -> list[str]:
    return [str(problem) for problem in problems]


def test_a_sound_template_has_no_problems() -> None:
    assert problems_of(email("Hello {{ customer.first_name | default: 'you' }}.")) == []


@pytest.mark.parametrize(
    ("body", "column", "found", "hint"),
    [
        ("{{ customer.frist_name }}", 21, 'unknown variable "customer.frist_name"', "customer.first_name"),
        ("Dear {{ customer.zzzzzz }}", 26, "unknown variable", None),
        ("{{ xylophone }}", 21, "unknown variable", "There are customer.email"),
        ("{{ evnt.plan }}", 21, 'unknown variable "evnt.plan"', "event.plan"),
        ("{{ event.total }}", 21, 'unknown variable "event.total"', "event.plan"),
        ("{{ offer.code }}", 21, 'unknown variable "offer.code"', "There are"),
        ("{{ due_on }}", 21, 'unknown variable "due_on"', "There are"),
        ("{{ key }}", 21, 'unknown variable "key"', None),
        ("{{ links.question }}", 21, 'unknown variable "links.question"', None),
        ("{{ journeys }}", 21, 'unknown variable "journeys"', None),
        ("{{ customer }}", 21, 'unknown variable "customer"', None),
        ("{{ customer.birthday.year }}", 21, 'unknown variable "customer.birthday.year"', None),
        ("{{ topic.says | upcaes }}", 34, 'unknown filter "upcaes"', "upcase"),
        ("{{ topic.says | safe }}", 34, 'unknown filter "safe"', None),
        ("{{ topic.says", 18, "`{{` without `}}`", None),
        ("{% if topic.says %}x", 18, "`if` that is never closed", None),
        ("{% fi topic.says %}", 21, "unexpected tag 'fi'", None),
        ("{% tablerow i in (1..2) %}{% endtablerow %}", 21, "unexpected tag 'tablerow'", None),
        ("{% comment %} for ever", 18, "`comment` that is never closed", None),
        ("{{" + " " * 150 + "topic.says }}", 18, "a great gap", None),
        ("{{ topic.says | append: '" + "x" * 2_000 + "' }}", 18, "`{{` without `}}`", None),
        ("{% raw %} for ever", 18, "`raw` that is never closed", None),
        ("{% doc %}x{% enddoc %}", 18, "`doc`", None),
        ("{% render 'partials/nothing' %}", 18, 'no partial "partials/nothing"', None),
        ("{% render 'hello' %}", 18, 'no partial "hello"', None),
        ("{% render name %}", 18, "a partial without a fixed name", None),
        ("{% include 'partials/x' %}", 18, "a partial without a fixed name", None),
        ("{{ 'x' | plus: 1 }}", 1, "a template that cannot be filled in", None),
        ("{{ 'now' | date: '%Y' }}", 1, "a template that cannot be filled in", None),
        ("{% for i in (1..9000000) %}x{% endfor %}", 1, "a template that cannot be filled in", None),
        ("<b>open", 18, "`<b>` that is still open", None),
        ("open</b>", 22, "`</b>` that closes nothing", None),
        ("1 < 2", 20, "`<` that begins no tag", None),
        ("<a href=there>x</a>", 21, "`href` without quotes", None),
        ("<a {{ topic.says }}>x</a>", 21, "Liquid in a tag, outside quotes", None),
        ("<a href={{ topic.says }}>x</a>", 21, "Liquid in a tag, outside quotes", None),
        ("<script>x</script>", 18, "a script", None),
        ('<p onclick="x">x</p>', 21, "`onclick`, a script", None),
        ("<mj-text>x</mj-text>", 18, "<mj-text> in <mj-text>", None),
    ],
)
def test_a_mistake_in_the_body_is_found_where_it_stands(body: str, column: int, found: str, hint: str | None) -> None:
    problem = next(p for p in problems_of(email(body)) if found in p.found)
    assert problem.file == "templates/hello/email.mjml"
    assert (problem.line, problem.column) == (BODY_LINE, column)
    assert problem.severity == "error"
    assert hint is None or hint in (problem.hint or "")


@pytest.mark.parametrize(
    ("inside", "line", "column", "found"),
    [
        ("<mj-colum></mj-colum>", 2, 1, "unknown element <mj-colum>"),
        ("<mj-text>x</mj-text>", 2, 1, "<mj-text> in <mj-section>"),
        ("x", 2, 1, "text in <mj-section>"),
        ("<p>x</p>", 2, 1, "`<p>` in <mj-section>"),
        ("<mj-column widthh='50%'></mj-column>", 2, 12, 'unknown attribute "widthh" of <mj-column>'),
        ("<mj-include path='x' />", 2, 1, "`<mj-include>`"),
        ("<mj-column width='{{ topic.says }}'></mj-column>", 2, 19, "where it has no effect"),
    ],
)
def test_mjml_is_read_strictly(inside: str, line: int, column: int, found: str) -> None:
    text = f"---\nsubject: x\n---\n<mjml><mj-body><mj-section>\n{inside}</mj-section></mj-body></mjml>"
    problem = next(p for p in problems_of(text) if found in p.found)
    assert (problem.line, problem.column) == (line + 3, column)


@pytest.mark.parametrize(
    ("head", "line", "column", "found"),
    [
        ("subjct: x", 2, 1, 'unknown key "subjct"'),
        ("subject: x\ntitle: y", 3, 1, 'unknown key "title"'),
        ("subject: x\nsubject: y", 3, 1, 'the key "subject" a second time'),
        ("subject: [x]", 2, 10, '"subject" that is no plain text'),
        ("sender: { namee: x }", 2, 11, 'unknown key "namee"'),
        ('subject: "x', 2, 10, "a quotation mark that is never closed"),
        ("subject: {{ customer.frist_name }}", 2, 13, "unknown variable"),
        ('subject: "A word, {{ evnt.plan }}"', 2, 22, "unknown variable"),
        ("subject: {{ customer.first_name", 2, 10, "`{{` without `}}`"),
        ("subject: {% if topic.says %}x", 2, 10, "`if` that is never closed"),
        ("preheader: {{ nobody }}", 2, 15, "unknown variable"),
        ("sender: {{ nobody }}", 2, 12, "unknown variable"),
    ],
)
def test_a_mistake_at_the_head_is_found_where_it_stands(head: str, line: int, column: int, found: str) -> None:
    text = email().replace("subject: Hello", head)
    assert any((p.line, p.column) == (line, column) and found in p.found for p in problems_of(text)), told(
        problems_of(text)
    )


def test_front_matter_that_never_ends_is_said_at_its_beginning() -> None:
    assert "front matter that never ends" in told(problems_of("---\nsubject: x\n<mjml></mjml>"))[0]


def test_an_email_without_a_subject_is_an_error() -> None:
    text = email().replace("subject: Hello", "preheader: x")
    assert "an email without a subject" in told(problems_of(text))[0]


def test_a_mistake_in_a_partial_is_found_in_the_partial() -> None:
    files = {
        "templates/hello/email.mjml": email("{% render 'partials/sign' %}"),
        "templates/partials/sign.mjml": "One\ntwo {{ sendr.name }}\n",
    }
    problem = check_templates(only(shop(), "hello"), files)[0]
    assert (problem.file, problem.line, problem.column) == ("templates/partials/sign.mjml", 2, 8)


def test_a_partial_inside_itself_is_refused_and_so_is_a_flood_of_them() -> None:
    itself = {"templates/partials/a.mjml": "{% render 'partials/a' %}"}
    flood = {
        f"templates/partials/a{i}.mjml": f"{{% render 'partials/a{i + 1}' %}}{{% render 'partials/a{i + 1}' %}}"
        for i in range(30)
    }
    for files, first, found in ((itself, "a", "inside itself"), (flood, "a0", "more than 50 partials")):
        body = f"{{% render 'partials/{first}' %}}"
        problems = check_templates(only(shop(), "hello"), {"templates/hello/email.mjml": email(body), **files})
        assert any(found in problem.found for problem in problems)


def test_a_missing_file_is_named_with_what_it_is_for() -> None:
    problems = check_templates(only(shop("email or sms"), "hello"), {"templates/hello/email.mjml": email()})
    assert told(problems) == [
        'templates/hello/sms.txt:1:1: no such file, but "hello" goes out by sms; expected a template here.'
    ]


def test_a_translation_is_no_replacement_for_the_strategys_own_language() -> None:
    problems = check_templates(only(shop(), "hello"), {"templates/hello/email.de.mjml": email()})
    assert "templates/hello/email.mjml:1:1: no such file" in told(problems)[0]


def test_the_template_of_an_instead_is_asked_for_too() -> None:
    strategy = only(shop(), "hello")
    found = said(strategy, "hello")
    other = found.communication.model_copy(update={"instead": {"gold": "hello-gold"}})
    step = found.step.model_copy(update={"communications": (other,)})
    changed = strategy.model_copy(update={"steps": {step.name: step}})
    problems = check_templates(changed, {"templates/hello/email.mjml": email()})
    assert '"hello-gold" (instead of "hello")' in told(problems)[0]


def test_a_folder_no_communication_is_called_by_is_a_warning_with_the_nearest_name() -> None:
    files = {"templates/hello/email.mjml": email(), "templates/helo/email.mjml": email(), "templates/hello/fax.txt": ""}
    problems = check_templates(only(shop(), "hello"), files)
    assert [problem.severity for problem in problems] == ["warning", "warning"]
    assert problems[1].hint == 'Did you mean "hello"?'
    assert "a file no channel looks up" in problems[0].found


@pytest.mark.parametrize(
    ("body", "severity"),
    [
        ("{{ customer.first_name }}", "error"),
        ("{{ customer.first_name | upcase | default: 'x' }}", "error"),
        ("{% if customer.first_name != blank %}{{ customer.first_name }}{% endif %}", "error"),
        ("{% if customer.favourite %}{{ customer.first_name }}{% endif %}", "error"),
        ("{% if customer.first_name %}x{% else %}{{ customer.first_name }}{% endif %}", "error"),
        ("{% if customer.first_name or topic.says %}{{ customer.first_name }}{% endif %}", "error"),
        ("{% assign n = customer.first_name %}{{ n }}", "error"),
        ("{{ topic.says | default: customer.first_name }}", "error"),
        ("{{ customer.favourite }}", "warning"),
        ("{{ customer.first_name | default: 'you' }}", None),
        ("{% if customer.first_name %}{{ customer.first_name }}{% endif %}", None),
        ("{% if customer.first_name and customer.favourite %}{{ customer.first_name }}{% endif %}", None),
        ("{% if customer.first_name == 'Ada' %}{{ customer.first_name }}{% endif %}", None),
        ("{% if customer.first_name != nil %}{{ customer.first_name }}{% endif %}", None),
        ("{% unless customer.first_name %}x{% else %}{{ customer.first_name }}{% endunless %}", None),
        ("{% if topic.says == 'x' %}y{% elsif customer.first_name %}{{ customer.first_name }}{% endif %}", None),
        ("{% case customer.first_name %}{% when 'Ada' %}{{ customer.first_name }}{% endcase %}", None),
        ("{% assign n = customer.first_name | default: 'you' %}{{ n }}", None),
        ("{{ customer.email }} {{ customer.language }} {{ customer.time_zone }} {{ event.plan }}", None),
        ("{% for i in (1..3) %}{{ i }}{{ forloop.index }}{% endfor %}", None),
    ],
)
def test_a_value_that_may_be_missing_needs_a_default_or_an_if(body: str, severity: str | None) -> None:
    assert [problem.severity for problem in problems_of(email(body))] == ([severity] if severity else [])


def test_marketing_without_a_way_out_or_an_address_is_a_warning() -> None:
    text = EMAIL.format(body="x").replace("{{ links.unsubscribe }}", "#").replace("{{ sender.address }}", "")
    problems = problems_of(text)
    assert {problem.severity for problem in problems} == {"warning"}
    assert [problem.found for problem in problems] == [
        "marketing without a postal address",
        "marketing without a way to unsubscribe",
    ]
    assert problems_of(text, name="bill") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello.", "marketing without a way to unsubscribe"),
        ("Hello. Answer STOP to end this.", None),
        ("Hello. {{ links.preferences }}", None),
        ("STOP " + "x" * 500, "a text message of about 4 segments"),
        ("STOP “x” " + "x" * 230, "a text message of about 4 segments"),
        ("STOP " + "x" * 230, None),
    ],
)
def test_text_messages_are_short_and_can_be_stopped(text: str, found: str | None) -> None:
    problems = problems_of(text, file="sms.txt", by="sms")
    assert [problem.found for problem in problems] == ([found] if found else [])


def test_curly_quotes_are_named_as_what_makes_a_text_message_dear() -> None:
    hint = problems_of("STOP “x” " + "x" * 230, file="sms.txt", by="sms")[0].hint or ""
    assert "“ or ”" in hint


def test_what_to_say_in_a_call_has_a_subject_if_one_likes_needs_no_way_out_and_is_notes() -> None:
    assert problems_of("---\nsubject: Tulips\n---\nAsk whether they came.", file="call.txt", by="call") == []
    (long,) = problems_of("x" * 2_001, file="call.txt", by="call")
    assert (long.found, long.severity) == ("about 2,001 characters to say in a call", "warning")
    (unknown,) = problems_of("---\ntitle: Tulips\n---\nAsk.", file="call.txt", by="call")
    assert unknown.found == 'unknown key "title"'


def test_a_long_notification_and_a_heavy_email_are_warnings() -> None:
    assert "a notification of about 200" in problems_of("x" * 200, file="push.txt", by="push")[0].found
    heavy = email("{% for i in (1..2000) %}" + "x" * 60 + "{% endfor %}")
    assert "an email of about" in problems_of(heavy)[0].found


def test_a_language_only_some_channels_have_is_a_warning() -> None:
    files = {
        "templates/hello/email.mjml": email(),
        "templates/hello/email.de.mjml": email(),
        "templates/hello/sms.txt": "STOP",
    }
    problems = check_templates(only(shop("email or sms"), "hello"), files)
    assert [(problem.file, problem.severity) for problem in problems] == [("templates/hello/sms.de.txt", "warning")]
    assert problems[0].found == "no de by sms, though there is one by email"


def test_a_channel_without_any_template_is_not_asked_for_translations() -> None:
    files = {"templates/hello/email.mjml": email(), "templates/hello/email.de.mjml": email()}
    problems = check_templates(only(shop("email or sms"), "hello"), files)
    assert [problem.file for problem in problems] == ["templates/hello/sms.txt"]


def test_a_file_beyond_all_measure_is_refused_unread() -> None:
    assert "characters" in problems_of(email("x" * 200_000))[0].found


def test_every_mistake_is_reported_at_once_in_reading_order() -> None:
    text = email("{{ one }} {{ two }}").replace("subject: Hello", "subject: {{ three }}")
    assert [problem.line for problem in problems_of(text)] == [2, BODY_LINE, BODY_LINE]
    broken = email("<b> {{ topic.says | nofilter }} {% render 'partials/x' %}").replace("Hello", "x\nsbject: y")
    assert [problem.line for problem in problems_of(broken)] == [3, BODY_LINE + 1, BODY_LINE + 1]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("{% for one in journeys %}{{ one.stpe }}{% endfor %}", 'unknown variable "journeys.[].stpe"'),
        ("{% for one in journeys %}{% if one.began %}x{% endif %}{% endfor %}", 'unknown variable "journeys.[].began"'),
        ("{% for one in journeys %}{{ one.step.size.x }}{% endfor %}", 'unknown variable "journeys.[].step.size.x"'),
        ("{{ journeys[0].stpe }}", 'unknown variable "journeys.0.stpe"'),
        ("{{ journeys.first.stpe }}", 'unknown variable "journeys.first.stpe"'),
        ("{% for one in journeys %}x{% endfor %}{{ one.step }}", 'unknown variable "one.step"'),
    ],
)
def test_a_field_that_a_journey_has_not_is_found_in_a_loop_too(body: str, found: str) -> None:
    problems = problems_of(email(body), name="bill")
    assert [problem.found for problem in problems] == [found]
    assert "journeys" not in found or problems[0].hint


@pytest.mark.parametrize(
    "body",
    [
        '{% if journeys contains "welcome" %}x{% endif %}',
        "{% for one in journeys %}{{ one.name }} {{ one.step }} {{ one.since }} {{ one.said }}{% endfor %}",
        "{{ journeys.size }} {{ journeys.first.state }} {{ journeys.first }}",
        "{% for one in journeys %}{% for each in journeys %}{{ one.to_come }}{{ each.said }}{% endfor %}{% endfor %}",
    ],
)
def test_what_a_journey_has_may_be_said_by_service_alone(body: str) -> None:
    assert problems_of(email(body), name="bill") == []
    assert any("journeys" in problem.found for problem in problems_of(email(body)))
