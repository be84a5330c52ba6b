"""What a log never holds: the values that a failing function was working with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
FAILS = """
import logging
from service.logs import set_up_logs

def send(address):
    greeting = "Dear " + address
    raise LookupError("no route")

set_up_logs({form!r}, "info")
try:
    send("ada@" + "example.com")
except LookupError:
    logging.getLogger("somebody").exception("it failed")
"""


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_says_where_and_not_with_which_values(form: str) -> None:
    script = [sys.executable, "-c", FAILS.format(form=form)]
    said = subprocess.run(script, cwd=CHECKOUT, capture_output=True, text=True, check=True).stderr
    assert "no route" in said
    assert "send" in said
    assert "ada@example.com" not in said
