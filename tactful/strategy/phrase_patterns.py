"""Each kind of phrase as a regular expression, for editors, which have no grammar.

Plain enough for every dialect that JSON Schema validators use. A test holds them against the grammar: what the grammar
understands, they match.
"""

from __future__ import annotations

_ = "\\s+"
NUMBER = "[0-9]+"
SPAN = f"{NUMBER}{_}(minute|hour|day|week|month|year)s?"
TIME = "[0-9]{1,2}:[0-9]{2}"
DATE = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
MOMENT = f"{DATE}{_}at{_}{TIME}"
PERCENT = "[0-9]+([.][0-9]+)?%"
MONEY = f"[0-9]+([.][0-9]+)?{_}[A-Z]{{3}}"
NAME = "[A-Za-z][A-Za-z0-9_.-]*"
CHANNEL = "(email|sms|push|letter|call)s?"
_TOGETHER = f"{CHANNEL}({_}and{_}{CHANNEL})*"
_LULL = f"({TIME}{_}to{_}{TIME}|(mon|tues|wednes|thurs|fri|satur|sun)day|holidays)"
_COMPARISON = "\\s*(>=|<=|>|<|=)\\s*"
_VALUE = "(\"[^\"]*\"|'[^']*'|\\S.*)"

PATTERNS: dict[str, str] = {
    "span": SPAN,
    "time": TIME,
    "moment": MOMENT,
    "percent": PERCENT,
    "money": MONEY,
    "property": f"(text|date|number|money|list|yes or no)({_}from{_}.+)?",
    "when": f"(at{_}once|{SPAN}{_}(after|before){_}{NAME}|on{_}{NAME})",
    "by": f"{_TOGETHER}({_}or{_}{_TOGETHER}({_}after{_}{SPAN})?)*",
    "expires": f"({SPAN}|{MOMENT})",
    "cap": f"{NUMBER}({_}{NAME})?{_}in{_}{SPAN}",
    "quiet": f"{_LULL}(\\s*,\\s*{_LULL})*",
    "quiet_for": f"({CHANNEL}({_}or{_}{CHANNEL})*|{NAME})",
    "hold": f"{NAME}{_}(until{_}{NAME}|for{_}{SPAN})",
    "trigger": f"{NAME}(\\s*,{_}then{_}no{_}{NAME}{_}for{_}{SPAN})?",
    "lasts": f"{SPAN}({_}after{_}(start|due))?",
    "again": f"(never|always|after{_}{SPAN})",
    "due": f"(usual{_}interval\\s*,{_}else{_})?{SPAN}",
    "brake": f"({NUMBER}{_}people({_}or{_}{PERCENT}{_}complaints)?|{PERCENT}{_}complaints)",
    "measure": f"{NAME}({_}in{_}{SPAN})?",
    "condition": (
        f"(orders({_}in{_}{SPAN})?{_COMPARISON}{NUMBER}"
        f"|spent({_}in{_}{SPAN})?{_COMPARISON}{MONEY}"
        f"|since{_}(registered|last{_}order){_COMPARISON}{SPAN}"
        f"|{NAME}({_}in{_}{SPAN})?({_COMPARISON}{_VALUE})?"
        f"|{NAME}{_}is({_}not)?{_}{_VALUE})"
    ),
}
