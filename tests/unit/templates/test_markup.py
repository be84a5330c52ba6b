"""MJML and HTML on their way to a message: what survives, what is left out, what mrml must not see."""

import pytest

from tests.unit.templates.shop import email, problems_of, rendered

HELLO = "templates/hello/email.mjml"


def html_of(text: str) -> str:
    html = rendered({HELLO: text}).html
    assert html is not None
    return html


def whole(inside: str, before: str = "") -> str:
    return f"---\nsubject: x\n---\n{before}<mjml><mj-body>{inside}</mj-body></mjml>"


COLUMN = "<mj-section><mj-column>{}</mj-column></mj-section>"


def test_liquid_between_elements_works_as_liquid_does() -> None:
    text = whole(
        "{% if event.plan == 'none' %}" + COLUMN.format("<mj-text>Never</mj-text>") + "{% endif %}"
        "{% for i in (1..3) %}"
        + COLUMN.format("{% unless i == 2 %}<mj-text>Line {{ i }}</mj-text>{% endunless %}")
        + "{% endfor %}"
    )
    html = html_of(text)
    assert "Never" not in html
    assert "Line 1" in html
    assert "Line 2" not in html
    assert "Line 3" in html
    assert rendered({HELLO: text}).text == "Line 1\n\nLine 3\n"


def test_liquid_with_quotes_and_comparisons_survives_in_attributes() -> None:
    button = (
        '<mj-button href="https://x.example/?p={{ event.plan | default: "a<b" | url_encode }}&amp;q=1" '
        "background-color='{% if event.plan > \"A\" %}#123456{% else %}#654321{% endif %}'>Go</mj-button>"
    )
    html = html_of(whole(COLUMN.format(button)))
    assert 'href="https://x.example/?p=Example&amp;q=1"' in html
    assert "background:#123456" in html
    assert "#654321" not in html


def test_an_assign_above_the_document_holds_for_all_of_it() -> None:
    text = whole(COLUMN.format("<mj-text>{{ who }}</mj-text>"), before="{% assign who = event.plan | upcase %}\n")
    content = rendered({HELLO: text})
    assert ">EXAMPLE</div>" in (content.html or "")
    assert (content.html or "").startswith("<!doctype html>")
    assert content.text == "EXAMPLE\n"


@pytest.mark.parametrize("char", ["ü", "\xa0", "\u200d", "e\u0301", "\\", "…", "😀"])
def test_every_character_comes_through_attributes_and_text(char: str) -> None:
    """mrml alone writes a hard space in an attribute as `\\u{a0}`."""
    text = f'<mj-image src="https://x.example/{{{{ key }}}}" alt="a{char}b" /><mj-text>a{char}b</mj-text>'
    html = html_of(whole(COLUMN.format(text.replace("{{ key }}", ""))))
    spelled = char.replace("\\", "&#92;")
    assert f'alt="a{spelled}b"' in html
    assert f">a{char}b</div>" in html


def test_single_quotes_may_hold_double_ones() -> None:
    html = html_of(whole(COLUMN.format("""<mj-text><a href='https://x.example' title='say "x"'>x</a></mj-text>""")))
    assert 'title="say &quot;x&quot;"' in html


def test_comments_are_not_mailed_and_liquid_in_them_is_not_run() -> None:
    content = rendered({HELLO: email("a<!-- for Tom: {{ nobody }} -->b{% comment %}c{% endcomment %}{% # d %}.")})
    assert "Tom" not in (content.html or "")
    assert "nobody" not in (content.html or "")
    assert content.text.startswith("ab.")


def test_no_font_is_fetched_from_anybody() -> None:
    html = html_of(whole(COLUMN.format('<mj-text font-family="Roboto, Open Sans">x</mj-text>')))
    assert "fonts.googleapis.com" not in html
    assert "@import" not in html


def test_the_plain_text_part_reads_like_a_letter() -> None:
    inside = COLUMN.format(
        '<mj-image src="x" alt="A rose" href="https://x.example/rose" />'
        "<mj-text><h1>Title</h1><p>One <b>two</b>,\n three&nbsp;&amp; four.</p><p>a<br>b</p></mj-text>"
        "<mj-text><ul><li>first</li><li>second</li></ul></mj-text>"
        "<mj-divider />"
        "<mj-table><tr><td>Roses</td><td>3</td></tr><tr><td>Total</td><td>9</td></tr></mj-table>"
        '<mj-button href="https://x.example/go">Go</mj-button>'
        '<mj-text><a href="https://x.example">https://x.example</a>, <a href="mailto:a@x.example">write</a></mj-text>'
    )
    assert rendered({HELLO: whole(inside)}).text == (
        "A rose: https://x.example/rose\n\nTitle\n\nOne two, three & four.\n\na\nb\n\n- first\n- second\n\n"
        "--------------------\n\nRoses 3\nTotal 9\n\nGo: https://x.example/go\n\nhttps://x.example, write\n"
    )


def test_braces_in_the_text_are_not_taken_for_liquid_in_the_plain_text_part() -> None:
    assert rendered({HELLO: email("{% raw %}{{ x }}{% endraw %} and &#123;&#123; y }}")}).text.startswith(
        "{{ x }} and {{ y }}"
    )


def test_the_word_that_stands_in_for_liquid_is_none_of_the_templates() -> None:
    assert rendered({HELLO: email("tfp0z tfpp0z {{ event.plan }}")}).text.startswith("tfp0z tfpp0z Example")


def test_a_preheader_and_a_title_of_the_documents_own_are_kept() -> None:
    head = "<mj-head><mj-title>Own</mj-title><mj-preview>Peep</mj-preview></mj-head>"
    text = whole(COLUMN.format("<mj-text>y</mj-text>")).replace("<mjml>", f"<mjml>{head}")
    html = html_of(text)
    assert "<title>Own</title>" in html
    assert ">Peep</div>" in html
    doubled = text.replace("subject: x", "subject: x\npreheader: y")
    assert any("a preheader besides <mj-preview>" in problem.found for problem in problems_of(doubled))


def test_what_would_crash_the_compiler_never_reaches_it() -> None:
    """mrml overflows its stack at some thousand levels, and takes the process with it."""
    deep = email("<b>" * 900 + "x" + "</b>" * 900)
    many = email("<b></b>" * 3000)
    assert any("nested more than 60 deep" in problem.found for problem in problems_of(deep))
    assert any("more than 4000 tags" in problem.found for problem in problems_of(many))


def test_a_letters_markup_is_read_as_strictly() -> None:
    assert any("still open" in p.found for p in problems_of("<div><p>x</div>", file="letter.html", by="letter"))
    sound = "<!DOCTYPE html>\n<style>p > b { color: red }</style>\n<p>x</p>"
    assert problems_of(sound, file="letter.html", by="letter") == []
