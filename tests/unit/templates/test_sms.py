"""Segments of a text message, against the counts of the standard."""

import pytest

from tactful.templates.sms import sms_length

CURLY = "\u2019"


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        (CURLY + "x" * 69, 1),
        (CURLY + "x" * 70, 2),
        (CURLY + "x" * 133, 2),
        (CURLY + "x" * 134, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("£é ü Ñ\n", 1),
    ],
)
def test_segments_follow_the_alphabet(text: str, segments: int) -> None:
    assert sms_length(text).segments == segments


def test_the_characters_that_cost_are_named_once_each() -> None:
    assert sms_length(f"{CURLY}a{CURLY}“").costly == (CURLY, "“")
    assert sms_length("a£[").costly == ()
