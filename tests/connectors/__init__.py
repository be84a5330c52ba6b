"""Conformance of every connector, and providers' payloads as they were received."""
