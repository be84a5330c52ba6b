"""Journeys on the time-skipping Temporal server, one test per branch."""
