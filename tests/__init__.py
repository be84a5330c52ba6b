"""All tests, on real parts: PostgreSQL, Temporal and an SMTP server are started, not imitated."""
