"""What makes one version of a strategy the same as another: a hash over all its files."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256


def version_hash(files: Mapping[str, str]) -> str:
    """Return the sha256 of a folder's files as 64 hex digits: the same for the same paths and contents, in any order.

    Paths and texts go in with their lengths in bytes, so that no text can pass for two files.
    """
    digest = sha256(b"tactful strategy 1\n")
    for path in sorted(files):
        for part in (path.encode(), files[path].encode("utf-8", "surrogatepass")):
            digest.update(f"{len(part)}\n".encode())
            digest.update(part)
    return digest.hexdigest()
