"""Tactful's contract: what others import, and all that the wheel carries.

The strategy model and its language, the pure contact rules, the connector protocol and kernel, the conformance kit, the
names under which Temporal knows the workflows, the HTTP client and the command line. It imports nothing of the
application around it (workflows, activities, connectors, database, web, service).
"""
