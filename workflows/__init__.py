"""The journey steps as durable Temporal workflows, one file per step.

A workflow says when: it waits, wakes and asks. It calls the methods of `activities.contract` and reaches no database,
provider or clock of its own.
"""
