"""Connectors that are no provider's: a system of one's own, and people."""
