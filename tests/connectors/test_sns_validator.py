"""What SNS signs, before AWS's own validator for Node: it and ours let the same notifications pass."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509

from connectors.email.ses import sns
from tactful.conformance.provider import provider, say
from tactful.connector import Hook, NotGenuineError
from tests.connectors.mailing import NOON
from tests.connectors.sns_signing import TOPIC, certificate_pem, confirmation, notification

VALIDATOR = Path(os.environ.get("SNS_VALIDATOR", "no-such-folder")).resolve()
"""The folder of sns-validator 0.3 from npm, by Amazon Web Services (Apache-2.0)."""
LOOKS = """
const Validator = require(process.argv[1]), validator = new Validator(/^localhost:/)
const said = JSON.parse(require("fs").readFileSync(0))
let all = said.map(one => new Promise(done => validator.validate(one, error => done(!error))))
Promise.all(all).then(found => console.log(JSON.stringify(found)))
"""
ODD = 'Größe “XL” 🌷\n"quoted"\tand\u2028 more'


def hooks() -> list[Hook]:
    """Return notifications of every form, each followed by some that were changed under way."""
    genuine = [
        notification({"eventType": "Open"}),
        notification({"eventType": "Open"}, version="1"),
        notification(ODD, Subject=ODD),
        notification("no subject", Subject=""),
        confirmation(),
        confirmation(SignatureVersion="2"),
    ]
    return [changed for one in genuine for changed in (one, *_falsified(one))]


def _falsified(one: Hook) -> list[Hook]:
    said: dict[str, Any] = json.loads(one.content)
    other = {"1": "2", "2": "1"}[said["SignatureVersion"]]
    changes = [
        {"Message": said["Message"] + " "},
        {"Timestamp": said["Timestamp"].replace("675", "676")},
        {"TopicArn": TOPIC[:-1] + "S"},
        {"Signature": said["Signature"][:-8] + "AAAAAAA="},
        {"SignatureVersion": other},
        {"SignatureVersion": "3"},
        # Of a confirmation AWS's page leaves the subject out, and its validator does not; SNS sends none.
        {"Subject": "another"} if said["Type"] == "Notification" else {"Token": "another"},
    ]
    return [replace(one, content=json.dumps(said | change).encode()) for change in changes]


def believed(hook: Hook) -> bool:
    """Return what ours says: of the envelope's signature alone, whoever's topic it is."""
    said = json.loads(hook.content)
    try:
        sns.verify(said, x509.load_pem_x509_certificate(certificate_pem()), NOON)
    except NotGenuineError:
        return False
    return True


async def _asked(said: list[dict[str, Any]], ca_file: Path) -> list[bool]:
    pipe = asyncio.subprocess.PIPE
    environ = os.environ | {"NODE_EXTRA_CA_CERTS": str(ca_file)}
    program = await asyncio.create_subprocess_exec("node", "-e", LOOKS, VALIDATOR, stdin=pipe, stdout=pipe, env=environ)
    answer, _ = await asyncio.wait_for(program.communicate(json.dumps(said).encode()), 30)
    return json.loads(answer)


@pytest.mark.skipif(
    shutil.which("node") is None or not (VALIDATOR / "index.js").exists(),
    reason="npm install sns-validator, and set SNS_VALIDATOR to its folder",
)
async def test_ours_and_awss_own_validator_believe_the_same(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    many = hooks()
    async with provider(lambda _: say(200, certificate_pem()), context) as there:
        certificate = {"SigningCertURL": f"{there.base_url}/sns.pem"}
        said = [json.loads(hook.content) | certificate for hook in many]
        theirs = await _asked(said, tmp_path / "ca.pem")
    ours = [believed(hook) for hook in many]
    assert ours == theirs
    assert all(ours[::8]), "what was not changed is genuine"
    assert not any(ours[1::8]), "what was changed is not"
