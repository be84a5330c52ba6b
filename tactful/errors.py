"""Every error Tactful raises on purpose: one root, leaves that say who failed and what would be right.

    TactfulError
    ├── StrategyErrors      a strategy cannot be used; carries every Problem found (tactful.strategy.problems)
    ├── ConnectorError      there is no such connector, or it does not keep the contract (tactful.connector)
    ├── SendFault           a message was not sent, or that is not known (tactful.connector)
    └── TemplateError       a message cannot be made from its template (tactful.templates)

Other modules add leaves to this tree and draw them here. An error's text is written for the person who reads it: what
was wrong, where, what would be right. It carries no secret, address or message body.
"""

from __future__ import annotations


class TactfulError(Exception):
    """Root of everything Tactful raises on purpose: catch it to tell Tactful's refusals from bugs."""
