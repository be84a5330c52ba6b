"""AWS Signature Version 4, as far as a JSON call without a query needs it.

Pure, on the standard library alone. AWS's own library takes the time from its own clock, and brings tens of megabytes
of descriptions of other services; the tests hold these lines against it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import quote, urlsplit

from pydantic import SecretStr

from tactful.connector.signatures import hmac_of

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs.

    Attributes:
        access_key_id: The key's public name.
        secret_access_key: The key.
        session_token: What temporary credentials have besides.
    """

    access_key_id: str
    secret_access_key: SecretStr
    session_token: SecretStr | None = None

    def as_token(self) -> SecretStr:
        """Return them as one text, which the kernel keeps."""
        parts = (self.access_key_id, self.secret_access_key, self.session_token)
        return SecretStr(
            json.dumps([part.get_secret_value() if isinstance(part, SecretStr) else part for part in parts])
        )

    @classmethod
    def of(cls, token: SecretStr) -> Self:
        """Return what `as_token` made a text of."""
        key_id, secret, session = json.loads(token.get_secret_value())
        return cls(key_id, SecretStr(secret), SecretStr(session) if session else None)


def signed_headers(
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: bytes,
    *,
    credentials: Credentials,
    region: str,
    service: str,
    at: datetime,
) -> dict[str, str]:
    """Return the headers that prove who made a request, to be sent besides its own.

    Args:
        method: The HTTP method.
        url: The whole address, without a query.
        headers: The request's own headers that are to be signed; the host is signed besides.
        content: Its body.
        credentials: Who signs.
        region: Such as `eu-west-1`.
        service: AWS's name for the service: `ses`.
        at: Aware UTC instant of the attempt.
    """
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    added = {"X-Amz-Date": stamp}
    if credentials.session_token:
        added["X-Amz-Security-Token"] = credentials.session_token.get_secret_value()
    parts = urlsplit(url)
    signing = {
        name.lower(): " ".join(value.split()) for name, value in {**headers, **added, "Host": parts.netloc}.items()
    }
    names = ";".join(sorted(signing))
    canonical = "\n".join(
        (
            method,
            quote(parts.path or "/", safe="/-_.~"),
            "",
            *(f"{name}:{signing[name]}" for name in sorted(signing)),
            "",
            names,
            hashlib.sha256(content).hexdigest(),
        )
    )
    to_sign = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = b"AWS4" + credentials.secret_access_key.get_secret_value().encode()
    for part in scope.split("/"):
        key = hmac_of(key, part)
    proof = f"Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}"
    return {**added, "Authorization": f"{_ALGORITHM} {proof}, Signature={hmac_of(key, to_sign).hex()}"}
