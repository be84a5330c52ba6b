"""Publishing over HTTP: a strategy is whole or refused, with every mistake and its place."""

from __future__ import annotations

import pytest

from tests.integration.doors.conftest import Doors, refusal_of
from tests.small_strategy import SALE, files

pytestmark = pytest.mark.integration


def test_a_strategy_is_published_as_a_version_and_the_same_again_is_none(doors: Doors) -> None:
    folder = files(name="other")
    first = doors.post("/v1/strategies", {"files": folder, "note": "the first"}).json()
    assert (first["strategy"], first["version"], first["unchanged"]) == ("other", 1, False)
    again = doors.post("/v1/strategies", {"files": folder}).json()
    assert (again["version"], again["unchanged"]) == (1, True)
    changed = doors.post("/v1/strategies", {"files": files(name="other", says={"hello": "Good day."})}).json()
    assert (changed["version"], changed["unchanged"]) == (2, False)
    named = {one["strategy"]: one for one in doors.get("/v1/strategies").json()["strategies"]}
    assert (named["other"]["version"], named["other"]["time_zone"]) == (2, "Europe/London")
    assert named["other"]["events"]["order.placed"]["total"] == "money"
    assert named["small"]["version"] == 1


def test_what_waits_for_a_later_version_is_told(doors: Doors) -> None:
    answer = doors.post("/v1/strategies", {"files": files(name="other", steps=(SALE,))}).json()
    assert any("entry by campaign" in waiting for waiting in answer["waits_for_later"])


def test_every_mistake_is_told_with_file_line_and_what_would_be_right(doors: Doors) -> None:
    folder = files(name="other")
    folder["strategy.yaml"] = folder["strategy.yaml"].replace("trigger: order.placed", "trigger: order.place")
    folder["templates/hello/email.mjml"] = "---\nsubject: x\n---\n<mjml>{{ customer.nickname }}</mjml>"
    answer = doors.post("/v1/strategies", {"files": folder})
    told = refusal_of(answer, 422, "bad_strategy")
    assert "mistake" in told["message"]
    problems = answer.json()["problems"]
    assert any(problem["field"].startswith("strategy.yaml:") for problem in problems)
    assert any('"order.placed"' in (problem["hint"] or "") for problem in problems)
    assert doors.count("strategies") == doors.count("strategy_versions") == 1


def test_a_template_that_cannot_be_is_refused_too(doors: Doors) -> None:
    folder = files(name="other")
    folder["templates/hello/email.mjml"] = "---\nsubject: x\n---\n<mjml><mj-body>{{ customer.nickname }}"
    answer = doors.post("/v1/strategies", {"files": folder})
    refusal_of(answer, 422, "bad_strategy")
    assert any(problem["field"].startswith("templates/hello/email.mjml:") for problem in answer.json()["problems"])
    assert doors.count("strategies") == 1


@pytest.mark.parametrize("body", [{}, {"files": {}}, {"files": []}, {"files": {"strategy.yaml": 5}}])
def test_a_body_that_is_no_folder_is_refused(doors: Doors, body: object) -> None:
    answer = doors.post("/v1/strategies", body)
    assert answer.status_code == 422
    assert set(answer.json()["error"]) == {"code", "message", "field", "expected", "hint"}
