"""The conformance kit: what a connector promises, tried out on a provider that behaves as badly as real ones do.

For connectors of this house and of any stranger: `pip install tactful[conformance]`, a `Case`, and `certify`.
"""

from tactful.conformance.case import Case, Description, HookCase, Oracle, PollCase
from tactful.conformance.certificate import Certificate, Check
from tactful.conformance.certify import certify
from tactful.conformance.recording import Recording

__all__ = ["Case", "Certificate", "Check", "Description", "HookCase", "Oracle", "PollCase", "Recording", "certify"]
