"""The soak: thousands of contacts while processes are shot and a provider misbehaves; then sets are compared.

    python -m tests.soak --help

`plan` says from a seed what will happen, `provider` is the oracle in a process of its own, `rig` holds the processes,
`life` does what customers do, `nemesis` shoots, `judge` compares what was intended, what the ledger says and what the
provider wrote down. `sabotage` takes one safeguard away, to see that the judge would notice.
"""
