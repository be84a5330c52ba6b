"""The contact rules, one function each: pure, total, and answering with a line of the trace.

A rule that asks about an instant is given it as `at`, so that it can also be asked when it would pass. *Service*
contacts are mandatory: they pass the opt-in, marketing suppressions, quiet hours, caps, the gap, open questions and
priority, and never an undeliverable address. Every rule has its section in docs/rules.md, under the name it has in
the trace. No rule knows of another; `decide` puts them in order.
"""
