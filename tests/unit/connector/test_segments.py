"""Segments of text messages: counted by hand for short texts, by an independent reading for all others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.connector import Fault, SendFault
from tactful.connector.segments import Segments, require_segments, segments


@pytest.mark.parametrize(
    ("text", "alphabet", "count"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        # 152 units and a letter of two: it moves to the next segment whole.
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 3),
        ("a" * 151 + "€" + "a" * 153, "GSM-7", 2),
        ("Grüße à Zoë", "UCS-2", 1),
        ("Grüße, Øre", "GSM-7", 1),
        ("ж" * 70, "UCS-2", 1),
        ("ж" * 71, "UCS-2", 2),
        ("🌷" * 35, "UCS-2", 1),
        # 67 units hold 33 tulips and half of one.
        ("🌷" * 36, "UCS-2", 2),
        ("🌷" * 67, "UCS-2", 3),
        ("\N{RIGHT SINGLE QUOTATION MARK}", "UCS-2", 1),
    ],
)
def test_a_text_is_counted_as_it_goes_over_the_air(text: str, alphabet: str, count: int) -> None:
    assert (segments(text).alphabet, segments(text).count) == (alphabet, count)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=2000))
def test_no_segment_is_fuller_than_it_can_be_nor_emptier_than_it_must(text: str) -> None:
    found = segments(text)
    units = (
        len(text.encode("utf-16-le")) // 2
        if found.alphabet == "UCS-2"
        else len(text) + sum(map("€^{}\\[~]|\f".count, text))
    )
    alone, each = (70, 67) if found.alphabet == "UCS-2" else (160, 153)
    if units <= alone:
        assert found.count == 1
    else:
        assert units / each <= found.count <= units / (each - 1) + 1


def test_more_segments_than_allowed_are_refused() -> None:
    assert require_segments("a" * 306, 2) == Segments("GSM-7", 2)
    with pytest.raises(SendFault, match="takes 3 segments in GSM-7; at most 2") as caught:
        require_segments("a" * 307, 2)
    assert caught.value.fault is Fault.BAD_CONTENT


@pytest.mark.parametrize("text", [None, ""])
def test_a_text_that_is_none_is_not_sent(text: str | None) -> None:
    with pytest.raises(SendFault, match=r"bad_content \(empty\)"):
        require_segments(text, 10)
