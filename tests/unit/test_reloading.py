"""What is made of a file is exchanged whole, the old closed when nobody uses it; the doors watch their file."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from service.reloading import Reloaded, Watch
from tactful.words import Channel
from web.listening import Listening

TELLER = '[connectors.{name}]\nuse = "tests.integration.doors.teller:Teller"\nsecret = {{ file = "secret" }}\n'


def test_the_old_is_closed_when_its_last_user_is_done() -> None:
    closed: list[str] = []
    made = Reloaded("old", closed.append)
    with made.use() as first:
        with made.use() as second:
            made.swap("new")
            assert made.current == "new"
        assert (first, second, closed) == ("old", "old", [])
    assert closed == ["old"]
    made.swap("newest")
    assert closed == ["old", "new"]


def test_a_file_has_changed_when_its_content_has(tmp_path: Path) -> None:
    file = tmp_path / "tactful.toml"
    watch = Watch(file)
    assert not watch.changed()
    file.write_text("a")
    assert watch.changed()
    file.write_text("a")
    assert not watch.changed()
    file.unlink()
    assert watch.changed()


def test_a_file_has_changed_when_a_secret_of_it_has(tmp_path: Path) -> None:
    file, secret = tmp_path / "tactful.toml", tmp_path / "password"
    secret.write_text("whistle")
    file.write_text('[connectors.relay]\nhost = "h"\n[connectors.relay.bounces]\npassword = { file = "password" }\n')
    watch = Watch(file)
    secret.write_text("whistles")
    assert watch.changed()
    assert not watch.changed()
    secret.unlink()
    assert watch.changed()


def test_the_doors_listen_to_what_the_file_says_now_and_keep_the_last_good_one(tmp_path: Path) -> None:
    file = tmp_path / "tactful.toml"
    (tmp_path / "secret").write_text("whistle")
    file.write_text(TELLER.format(name="one"))
    listening = Listening(file)
    with listening.watched():
        assert _names(listening) == {"one"}
        file.write_text(TELLER.format(name="two"))
        _wait(listening, {"two"})
        file.write_text(TELLER.format(name="three") + "[connectors.nobody]\n")
        os.kill(os.getpid(), signal.SIGHUP)
        file.write_text(TELLER.format(name="four"))
        _wait(listening, {"four"})
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL


def test_forecasts_reckon_with_the_channels_that_the_file_has_now_and_need_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "tactful.toml"
    file.write_text('[channels.email]\nuse = ["ses", "smtp"]\n[connectors.ses]\nsecret = { env = "NOT_THERE" }\n')
    listening = Listening(file, hears=False)
    with listening.watched():
        assert listening.tellers.current.channels == {Channel.EMAIL: ("ses", "smtp")}
        assert (listening.tellers.current.by_name, listening.tellers.current.problems) == ({}, ())
        file.write_text("[channels.email")
        os.kill(os.getpid(), signal.SIGHUP)
        file.write_text('[channels.sms]\nuse = ["twilio"]\n')
        _wait_for(lambda: listening.tellers.current.channels, {Channel.SMS: ("twilio",)})
    assert Listening(None).tellers.current.channels[Channel.EMAIL] == ("any",)


def _wait_for(look: Callable[[], object], wanted: object) -> None:
    until = time.monotonic() + 30
    while look() != wanted:
        assert time.monotonic() < until, look()
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(0.05)


def _names(listening: Listening) -> set[str]:
    return set(listening.tellers.current.by_name)


def _wait(listening: Listening, names: set[str]) -> None:
    until = time.monotonic() + 30
    while _names(listening) != names:
        assert "three" not in _names(listening)
        assert time.monotonic() < until, _names(listening)
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(0.05)
