"""The ledger read for the audit: page by page, each at one instant, and nothing of it through what `decide()` uses.

Nothing here writes or locks. What a page holds is bounded by its customers, never by how many there are.
"""

from database.audit.reading import UnreadableVersionError, has_strategy
from database.audit.running import audit

__all__ = ["UnreadableVersionError", "audit", "has_strategy"]
