"""What a workflow asks for: the contract (abstract, typed, free of I/O) and its implementation.

An activity opens transactions, asks the pure rules and calls connectors. It never decides when something happens.
"""
