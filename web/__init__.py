"""The doors: the API for events and contacts, the public pages and receipts, and the console for those who operate.

Handlers check their input, call the database or Temporal, and answer; rules and SQL live elsewhere.
"""
