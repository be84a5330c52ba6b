"""The customer database and the ledger: all SQL of the application, on PostgreSQL.

One function is one piece of a transaction that its caller opens. It decides nothing: the rules are in `tactful`.
"""
