"""Texts: every script arrives whole, what is too long is refused, and no message writes headers of its own."""

from __future__ import annotations

import json
from urllib.parse import quote_plus

from tactful.conformance.provider import Received
from tactful.conformance.trial import Trial
from tactful.connector import Accepted, Fault, Feature, Message, SendFault
from tactful.words import Channel

SCRIPTS = {
    "accents": "Grüße, Ærø, Łódź",
    "Greek and Cyrillic": "Ελλάδα и Россия",
    "Hebrew, from right to left": "שלום לך",
    "Chinese": "谢谢您的订单",
    "emoji of several parts": "👩🏽‍🌾🌷",
    "quotes and brackets": "\"'<&>\\{}%00",
}
INJECTED = "Hello\r\nBcc: everybody@example.com"
_LINES = (Feature.SUBJECT, Feature.TITLE, Feature.REPLY_TO)
_NAMES = ("sender_name", "list_id")


async def texts(trial: Trial) -> None:
    """Try scripts, lengths, and line breaks where there must be none."""
    one = trial.case.messages[0]
    part = next((part for part in (Feature.TEXT, Feature.HTML, Feature.TITLE) if getattr(one, part) is not None), None)
    if part is None:
        trial.say("the first message of the case has a text", seen=False)
        return
    long = "x" * (trial.code.capabilities.bytes_max + 1)
    too_long = one.model_copy(update={part.value: long})
    if not trial.over_http:
        trial.say("a text that is too long is refused", _not_admitted(trial, too_long))
        trial.leave_out("every script arrives whole", "it does not speak HTTP: its own tests see to it")
        return
    requests, ended = await trial.received(too_long)
    refused = not requests and isinstance(ended, SendFault) and ended.fault is Fault.BAD_CONTENT
    trial.say("a text that is too long is refused before anything is sent", refused, str(ended))
    for name, words in SCRIPTS.items():
        await _arrives(trial, name, one.model_copy(update={part.value: words}), words)
    for name in [*(each.value for each in _LINES if each in trial.code.capabilities.features), *_NAMES]:
        await _injected(trial, name, one.model_copy(update={name: INJECTED}))


def _not_admitted(trial: Trial, message: Message) -> bool:
    try:
        trial.code.capabilities.admit(message)
    except SendFault as fault:
        return fault.fault is Fault.BAD_CONTENT
    return False


async def _arrives(trial: Trial, name: str, message: Message, words: str) -> None:
    requests, ended = await trial.received(message)
    if trial.case.opaque:
        trial.say(f"{name}: taken", isinstance(ended, Accepted), str(ended))
        return
    trial.say(f"{name}: arrives whole", any(_holds(one, words) for one in requests), str(ended))


def _holds(received: Received, words: str) -> bool:
    text = received.content.decode(errors="replace")
    as_json = (json.dumps(words)[1:-1], json.dumps(words, ensure_ascii=False)[1:-1])
    return any(form in text for form in (words, *as_json, quote_plus(words)))


async def _injected(trial: Trial, name: str, message: Message) -> None:
    requests, ended = await trial.received(message)
    wrote = any("bcc" in one.headers or "\r\nbcc:" in one.content.decode(errors="replace").lower() for one in requests)
    bad = {Fault.BAD_CONTENT, Fault.UNSUPPORTED, Fault.BAD_RECIPIENT}
    ended_well = isinstance(ended, Accepted) or ended.fault in bad
    trial.say(f"a line break in the {name} writes no header", not wrote and ended_well, str(ended))


async def one_click(trial: Trial) -> None:
    """See that marketing mail carries what RFC 8058 asks for, and that without an address for it none goes out."""
    if Channel.EMAIL not in trial.code.capabilities.channels or not trial.over_http:
        trial.leave_out("marketing mail can be ended by one click", "it sends no mail over HTTP")
        return
    url = "https://example.com/u/kX3-one-click"
    mail = next(one for one in trial.case.messages if one.channel is Channel.EMAIL)
    marketing = mail.model_copy(update={"marketing": True, "unsubscribe_url": url})
    requests, ended = await trial.received(marketing)
    text = " ".join(one.content.decode(errors="replace") for one in requests)
    said = "List-Unsubscribe" in text and _holds_in(text, f"<{url}>")
    trial.say("marketing mail says where one POST ends it", said, str(ended))
    trial.say(
        "and that one click is enough",
        "List-Unsubscribe-Post" in text and _holds_in(text, "List-Unsubscribe=One-Click"),
    )
    bare = marketing.model_copy(update={"unsubscribe_url": None})
    requests, ended = await trial.received(bare)
    refused = not requests and isinstance(ended, SendFault) and ended.fault is Fault.BAD_CONTENT
    trial.say("marketing mail without a way out is refused before anything is sent", refused, str(ended))


def _holds_in(text: str, words: str) -> bool:
    return any(
        form in text for form in (words, json.dumps(words)[1:-1], quote_plus(words), words.replace("=", "\\u003d"))
    )
