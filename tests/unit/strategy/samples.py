"""Strategies to test with: the florist, and the smallest one there can be."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from tactful.strategy import Problem, Strategy, examine
from tactful.strategy.folder import read_folder

ROOT = Path(__file__).parents[3]
FLORIST_FOLDER = ROOT / "strategies" / "florist"

SMALLEST = """\
strategy: bakery
sender: { name: Bread & Co, email: hello@bread.example }
defaults: { topic: news, by: email, time_zone: Europe/Berlin }
customer: { birthday: date, favourite: text, points: number, credit: money, likes: list, vip: yes or no }
events:
  customer.registered: {}
  order.placed: { product: text, total: money, items: list }
segments:
  loyal: { if: orders >= 5 }
  young: { if: since registered <= 1 month }
topics:
  news: { says: News from the oven, purpose: marketing, opt_in: single }
stages:
  nurture:
    welcome:
      why: Good to know where the good bread is.
      trigger: customer.registered
      say:
        hello: { when: at once }
"""


@cache
def florist_files() -> Mapping[str, str]:
    """The folder of the florist, as texts."""
    return MappingProxyType(read_folder(FLORIST_FOLDER))


def florist_text() -> str:
    return florist_files()["strategy.yaml"]


def florist_with(text: str) -> Mapping[str, str]:
    """The florist's folder with another strategy.yaml."""
    return {**florist_files(), "strategy.yaml": text}


def bakery(step: str = "", *, rules: str = "", **replaced: str) -> str:
    """The smallest strategy, with another body for its step, rules, or something else behind a key."""
    text = SMALLEST
    if step:
        body = "\n".join(f"      {line}" for line in step.strip("\n").split("\n"))
        start = text.index("      why:")
        text = text[:start] + body + "\n"
    if rules:
        text = text.replace("stages:\n", f"rules:\n{_indented(rules)}\nstages:\n")
    for key, new in replaced.items():
        line = next(line for line in text.split("\n") if line.strip().startswith(f"{key}:"))
        text = text.replace(line, f"{line[: len(line) - len(line.lstrip())]}{key}: {new}")
    return text


def _indented(block: str) -> str:
    return "\n".join(f"  {line}" for line in block.strip("\n").split("\n"))


def problems_of(text: str, files: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    return examine({**(files or {}), "strategy.yaml": text}).problems


def sound(text: str, files: Mapping[str, str] | None = None) -> Strategy:
    """The strategy a text says; every problem fails the test."""
    reading = examine({**(files or {}), "strategy.yaml": text})
    assert reading.strategy is not None, "\n".join(map(str, reading.problems))
    assert reading.problems == ()
    return reading.strategy
