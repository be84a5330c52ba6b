"""How much a strategy may hold: every limit of the language, in one place. Far above what one can keep an eye on.

This module holds numbers only.
"""

# Files of the folder
MOST_FILES = 1_000
LARGEST_FILE_BYTES = 1_000_000
LARGEST_STRATEGY_BYTES = 256_000
# strategy.yaml as YAML
LONGEST_LINE = 10_000
DEEPEST = 12
MOST_NODES = 20_000
# What it says
LONGEST_PHRASE = 200
LONGEST_TEXT = 500
LONGEST_LABEL = 120
MOST_SEGMENTS = 50
MANY_SEGMENTS = 8
MOST_NAMES = 200
MOST_LINES = 20
MOST_PROBLEMS = 200
# What a decision can see
LONGEST_CAP_DAYS = 400
LARGEST_CAP = 1_000
LONGEST_LOOK_AHEAD_DAYS = 31
# Files of codes
MOST_CODES = 100_000
LONGEST_CODE = 64
