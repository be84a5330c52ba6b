"""The history of the tables: each file one step, expanding first and contracting later."""
