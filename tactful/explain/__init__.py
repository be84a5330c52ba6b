"""Words for verdicts and for whole stories: what a support person can read out to whoever asks why, or why not.

Made when they are read, from the short rows that are kept, with times as the customer's clock shows them. They name
rules, counts and times, never an address or what a property says. Pure: whoever asks brings everything that is known.
"""

from tactful.explain.clock import time_text
from tactful.explain.rules import sentence, sentences

__all__ = ["sentence", "sentences", "time_text"]
