"""The application put together: settings, wiring, logging, the Temporal plugin, and the servers of `make run`.

It holds no rules and no SQL; it hands each part what it needs.
"""
