"""Temporal and PostgreSQL of one's own, for development and tests, started from files that PyPI packages carry.

`python -m service.embedded` (what `make run` calls) starts both, then the application, and ends all of it together. For
production there is nothing here: Tactful is given a Temporal cluster and a PostgreSQL by their addresses.
"""
