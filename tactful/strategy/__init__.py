"""The strategy language: a folder of text becomes one frozen Strategy, or a list of everything that is wrong with it.

`read_strategy` is pure: it takes the folder's files as text. Reading a folder from disk is `tactful.strategy.folder`.
"""

from tactful.strategy.model import Strategy
from tactful.strategy.problems import Problem, StrategyErrors

__all__ = ["Problem", "Strategy", "StrategyErrors"]
