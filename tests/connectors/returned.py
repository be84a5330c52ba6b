"""Mails as they come back: reports of mail servers, complaints, answers of programs and of people.

The fields of `RFC_3464` are those of the examples in RFC 3464, appendix D (Moore and Vaudreuil, 2003); the complaint of
`RFC_5965` is the second example of RFC 5965, appendix B (Shafranovich, Levine, Kucherawy, 2010): both of the IETF
Trust, for whom they are code components. The shapes of common servers are put down here in words of our own.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import SecretStr

from connectors.email.smtp.letters import Letter
from connectors.email.smtp.returning import HEADER, Returns
from tests.connectors.conftest import KEY
from tests.connectors.imap_server import BOUNCES_SECRET

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = BOUNCES_SECRET
ADDRESS = "bounces@fleur.example"
RETURNS = Returns(ADDRESS, "+", SecretStr(SECRET))
PATH = RETURNS.path(KEY)
STRANGERS = Returns(ADDRESS, "+", SecretStr("somebody else's secret, also long enough"))

RFC_3464 = {
    "simple": """\
Reporting-MTA: dns; cs.utk.edu

Original-Recipient: rfc822;louisl@larry.slip.umd.edu
Final-Recipient: rfc822;louisl@larry.slip.umd.edu
Action: failed
Status: 4.0.0
Diagnostic-Code: smtp; 426 connection timed out
Last-Attempt-Date: Thu, 7 Jul 1994 17:15:49 -0400
""",
    "several recipients": """\
Reporting-MTA: dns; cs.utk.edu

Original-Recipient: rfc822;arathib@vnet.ibm.com
Final-Recipient: rfc822;arathib@vnet.ibm.com
Action: failed
Status: 5.0.0 (permanent failure)
Diagnostic-Code: smtp; 550 'arathib@vnet.IBM.COM' is not a
 registered gateway user
Remote-MTA: dns; vnet.ibm.com

Original-Recipient: rfc822;johnh@hpnjld.njd.hp.com
Final-Recipient: rfc822;johnh@hpnjld.njd.hp.com
Action: delayed
Status: 4.0.0 (hpnjld.njd.jp.com: host name lookup failure)

Original-Recipient: rfc822;wsnell@sdcc13.ucsd.edu
Final-Recipient: rfc822;wsnell@sdcc13.ucsd.edu
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 550 user unknown
Remote-MTA: dns; sdcc13.ucsd.edu
""",
    "gateway": """\
Reporting-MTA: mailbus; SYS30

Final-Recipient: unknown; nair_s
Status: 5.0.0 (unknown permanent failure)
Action: failed
""",
    "delayed": """\
Reporting-MTA: dns; sun2.nsfnet-relay.ac.uk

Final-Recipient: rfc822;thomas@de-montfort.ac.uk
Status: 4.0.0 (unknown temporary failure)
Action: delayed
""",
}
RFC_5965 = """\
From: <abusedesk@example.com>
Date: Thu, 8 Mar 2005 17:40:36 EDT
Subject: FW: Earn money
To: <abuse@example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received from IP
192.0.2.1 on Thu, 8 Mar 2005 14:00:00 EDT.  For more information
about this format please see http://www.mipassoc.org/arf/.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <somespammer@example.net>
Original-Rcpt-To: <user@example.com>
Arrival-Date: Thu, 8 Mar 2005 14:00:00 EDT
Reporting-MTA: dns; mail.example.com
Source-IP: 192.0.2.1
Authentication-Results: mail.example.com;
           spf=fail smtp.mail=somespammer@example.com
Reported-Domain: example.net
Reported-Uri: http://example.net/earn_money.html
Reported-Uri: mailto:user@example.com
Removal-Recipient: user@example.com

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

From: <somespammer@example.net>
Received: from mailserver.example.net (mailserver.example.net
     [192.0.2.1]) by example.com with ESMTP id M63d4137594e46;
     Thu, 08 Mar 2005 14:00:00 -0400

To: <Undisclosed Recipients>
Subject: Earn money
MIME-Version: 1.0
Content-type: text/plain
Message-ID: 8787KJKJ3K4J3K4J3K4J3.mail@example.net
Date: Thu, 02 Sep 2004 12:31:03 -0500

Spam Spam Spam
Spam Spam Spam
Spam Spam Spam
Spam Spam Spam
--part1_13d.2e68ed54_boundary--
"""


def letter(text: str | bytes, *, size: int | None = None) -> Letter:
    """Return a mail as it was fetched."""
    content = text.replace("\n", "\r\n").encode() if isinstance(text, str) else text
    return Letter(content, size or len(content), AT)


def report(fields: str, *, to: str = PATH, returned: str = "", kind: str = "text/rfc822-headers") -> str:
    """Return a delivery report with these fields, addressed to `to`, with the headers that came back."""
    return f"""\
Return-Path: <>
Date: Sun, 22 Nov 2026 11:59:00 +0000
From: Mail Delivery System <MAILER-DAEMON@mx.example.com>
Message-ID: <2026.r@mx.example.com>
Subject: Undelivered Mail Returned to Sender
To: <{to}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_report"

--=_report
Content-Type: text/plain; charset=us-ascii

Your mail could not be delivered.

--=_report
Content-Type: message/delivery-status

{fields}
--=_report
Content-Type: {kind}

{returned or "Subject: Peonies are here"}

--=_report--
"""


def failed(status: str, diagnostic: str = "", action: str = "failed") -> str:
    """Return the fields of a report on one recipient, as most servers write them."""
    said = f"Diagnostic-Code: {diagnostic}\n" if diagnostic else ""
    of_status = f"Status: {status}\n" if status else ""
    head = "Reporting-MTA: dns; mx.example.com\nArrival-Date: Sun, 22 Nov 2026 11:58:00 +0000\n"
    return f"{head}\nFinal-Recipient: rfc822; jane.doe@example.com\nAction: {action}\n{of_status}{said}"


def person(text: str, *, to: str = PATH, subject: str = "Re: Peonies are here", more: str = "") -> str:
    """Return what a customer writes."""
    return f"""\
From: Jane Doe <jane.doe@example.com>
To: <{to}>
Subject: {subject}
Message-ID: <m-1@mail.example.com>
{more}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

{text}
"""


def returned_headers() -> str:
    """Return the headers of our mail, as they come back."""
    token = RETURNS.token(KEY)
    return f"From: Fleur <hello@fleur.example>\nTo: jane.doe@example.com\n{HEADER}: {token}\nSubject: Peonies are here"
