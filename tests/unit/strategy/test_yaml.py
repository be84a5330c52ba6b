"""YAML as the language takes it: version 1.2, texts only, with places, within limits."""

import pytest

from tactful.strategy.tree import Mapping, Mark, Scalar, read_tree
from tests.unit.strategy.samples import bakery, problems_of, sound


def values(text: str) -> dict[str, str]:
    tree = read_tree("strategy.yaml", text)
    assert tree.problems == ()
    assert isinstance(tree.root, Mapping)
    return {entry.key.text: entry.value.text for entry in tree.root.entries if isinstance(entry.value, Scalar)}


def test_what_yaml_1_1_would_convert_stays_what_it_is() -> None:
    said = values("at: 10:00\non: yes\ncountry: NO\nzip: 012\nversion: 1.10\nday: 2027-02-26\nnothing: ~\n")
    assert said == {
        "at": "10:00",
        "on": "yes",
        "country": "NO",
        "zip": "012",
        "version": "1.10",
        "day": "2027-02-26",
        "nothing": "",
    }


def test_an_hour_is_an_hour_and_not_sixty_times_ten() -> None:
    strategy = sound(
        bakery("why: Bread.\ntrigger: customer.registered\nsay:\n  hello: { when: 3 days after start, at: 10:30 }")
    )
    at = strategy.steps["welcome"].communications[0].when.at
    assert at is not None
    assert (at.hour, at.minute) == (10, 30)


def test_a_step_may_be_called_no_and_a_communication_on() -> None:
    text = bakery().replace("welcome:", "no:").replace("hello:", "on:")
    assert sound(text).steps["no"].communications[0].name == "on"


def test_a_byte_order_mark_is_passed_over() -> None:
    assert sound("\ufeff" + bakery()).name == "bakery"


def test_windows_line_ends_keep_their_places() -> None:
    problem = problems_of(bakery().replace("when: at once", "when: at onec").replace("\n", "\r\n"))[0]
    assert (problem.line, problem.column) == (19, 27)


def test_places_count_characters_also_behind_those_of_many_bytes() -> None:
    tree = read_tree("strategy.yaml", 'name: "Bäckerei 🥐"\nnext: { a: 1, b: 2 }\n')
    entry = tree.entry("next", "b")
    assert entry is not None
    assert entry.key.mark == Mark(2, 15)


def test_a_place_inside_a_quoted_text_counts_the_quote() -> None:
    problem = problems_of(bakery().replace("when: at once", 'when: "at onec"'))[0]
    assert (problem.line, problem.column) == (19, 28)


def test_a_place_inside_a_folded_text_is_where_the_text_begins() -> None:
    folded = "\n          when: >\n            3 dyas\n            after start"
    problem = problems_of(bakery().replace("{ when: at once }", folded))[0]
    assert (problem.line, problem.column) == (20, 17)


@pytest.mark.parametrize(
    ("text", "place", "found"),
    [
        ("a: 1\nb: [1,\nc: 2", (2, 4), "a bracket that is not closed"),
        ("a: {b: 1", (1, 9), "a bracket that is not closed"),
        ("a: b: c", (1, 5), 'a second ": " in one value'),
        ("a: 'b\n\nc", (1, 4), "a quotation mark that is never closed"),
        ("a:\n\tb: 1", (2, 1), "a tab"),
        ("a: 1\nbcd\ne: f", (2, 1), 'a line without ": "'),
        ("a:\n  - b\n c: d", (3, 2), "a line that is indented differently"),
        ("a: @b", (1, 4), 'text that begins with "@"'),
        ('a: "\\q"', (1, 6), 'a "\\" in double quotes that means nothing'),
        ("a: x\x07y", (1, 5), "the invisible character U+0007"),
        ("a: x\ud800y", (1, 5), "the invisible character U+D800"),
        ("%YAML 1.1\n---\na: 1", (1, 1), "a line that begins with `%`"),
        ("a: 1\n---\nb: 2", (3, 1), "a second document"),
        ("a: &x 1\nb: 2", (1, 4), "an anchor"),
        ("a: !!python/name:os.system x", (1, 4), "a tag"),
        ("a: 1\nb: 2\na: 3", (3, 1), 'the key "a" a second time'),
        ("[a]: 1", (1, 1), "brackets where a key should be"),
        ("? a\n: b", (1, 3), "a key with `?` before it"),
        ("a: 1\n" + "b" * 20_000, (2, 1), "a line of 20,000 characters"),
    ],
)
def test_what_is_wrong_as_yaml_is_said_with_its_place(text: str, place: tuple[int, int], found: str) -> None:
    problems = read_tree("strategy.yaml", text).problems
    assert [(problem.line, problem.column) for problem in problems] == [place]
    assert problems[0].found.startswith(found)


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    problems = read_tree("strategy.yaml", bomb).problems
    assert [problem.found for problem in problems] == ["an anchor (`&`)", "an anchor (`&`)", "an alias (`*`)"]


def test_deep_nesting_is_refused_where_it_gets_too_deep() -> None:
    deep = "".join(f"{' ' * level}a:\n" for level in range(400))
    assert [problem.line for problem in read_tree("strategy.yaml", deep).problems] == [12]
    assert "too deep" in read_tree("strategy.yaml", "[" * 9_000).problems[0].found


def test_too_many_keys_are_refused() -> None:
    many = "a:\n" + "".join(f"  k{number}: 1\n" for number in range(11_000))
    assert "too much" in read_tree("strategy.yaml", many).problems[0].found


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "just words", "- a\n- b\n"])
def test_a_file_without_keys_is_no_strategy(text: str) -> None:
    (problem,) = problems_of(text)
    assert problem.found == "a file without keys"
