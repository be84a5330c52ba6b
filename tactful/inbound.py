"""What a customer who writes back wants, where it is one of the things that are done at once: stop, start, help.

A no is taken in whatever way it is reasonably said, in four languages; what only has such a word in it ("don't stop",
"stop by the shop") is none. Everything else is for a person to read. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST_ORDER: Final = 300
"""Most characters of a message that is looked through; a longer one is a letter, and is read by a person."""


class Order(StrEnum):
    """What is done at once."""

    STOP = "stop"
    START = "start"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer wants.

    Attributes:
        order: What is to be done.
        language: The language it was said in.
        surely: Whether it can mean nothing else. *Yes* and the like begin again what was stopped, or else are an answer
            to something that only a person can know.
    """

    order: Order
    language: str
    surely: bool = True


# Each is a whole message, without the words of courtesy. The first six and their like are the carriers' own.
_STOP: Final[Mapping[str, str]] = {
    "en": "stop|stopall|stop all|unsubscribe|revoke|optout|opt out|opt me out|unsubscribe me|remove me|stop it",
    "de": "stopp|abmelden|abbestellen|austragen|aufhoren|widerruf|widerrufen",
    "fr": "arret|arreter|arretez|desabonner|desabonnement|desinscrire|desinscription",
    "es": "baja|alto|parar|pare|paren|detener|darse de baja|dar de baja|cancelar suscripcion|desuscribir",
}
# As a whole message, carriers take these for a no; beside other sentences they may be about an order.
_STOP_ALONE: Final[Mapping[str, str]] = {
    "en": "cancel|end|quit",
    "de": "ende|stornieren",
    "fr": "fin",
    "es": "cancelar",
}
_START: Final[Mapping[str, str]] = {
    "en": "start|unstop|resume|subscribe|opt in|optin",
    "de": "starten|anmelden",
    "fr": "demarrer|reprendre|abonner",
    "es": "alta|iniciar|empezar|comenzar",
}
_START_PERHAPS: Final[Mapping[str, str]] = {"en": "yes", "de": "ja", "fr": "oui", "es": "si"}
_HELP: Final[Mapping[str, str]] = {"en": "help|info", "de": "hilfe", "fr": "aide", "es": "ayuda"}
_COURTESY: Final = re.compile(
    "please|pls|plz|hi|hello|hey|dear|team|thanks|thank|you|thx|ok|okay|sorry|now|immediately"
    "|bitte|hallo|danke|sofort|jetzt|sil|vous|plait|svp|bonjour|merci|maintenant|por|favor|hola|gracias|ahora|ya"
)
# Said in a sentence: from its beginning to its end, so that nothing else is said in it.
_SAID: Final[Mapping[str, str]] = {
    "en": r"""
(?:i (?:want|would like|need) you to |you (?:must|should) |can you |could you )?stop(?: DOING|(?: to)? me| THESE| MAIL)+
(?:i (?:want|would like|d like|wish) to |can i |how (?:do|can) i )?(?:unsubscribe|opt out)(?: me)?(?: (?:from|of) ANY)?
(?:do not|dont|don t|never) (?:text|message|email|mail|call|contact|write|send|bother)(?: to)?(?: me)?(?: THESE| MAIL)*
(?:take|remove|delete) (?:me|my (?:number|email|address|name)) (?:off|from|out of) (?:this|your|all|the)[a-z ]{0,30}list
no more (?:of )?(?:these |your )?MAIL
leave me alone
i (?:want|wish) to (?:stop|cancel) (?:THESE )?MAIL
""",
    "de": r"""
(?:ich (?:will|mochte) )?keine (?:weiteren )?POST(?: mehr)?(?: von (?:ihnen|euch))?(?: (?:senden|erhalten|bekommen))?
(?:schreiben sie|schreibt|schickt|schicken sie|senden sie) mir (?:nichts|nicht|keine [a-z]+) mehr
(?:horen sie|hort) (?:bitte )?auf(?: (?:mir|mich) [a-z ]{0,40})?
(?:ich (?:will|mochte) mich )?(?:bitte )?(?:abmelden|abbestellen|austragen)
""",
    "fr": r"""
(?:arretez|cessez)(?: de)?(?: m| me)?(?: (?:envoyer|ecrire|contacter|ces|les|vos|des|COURRIER))+
ne m(?: |e )?(?:envoyez|ecrivez|contactez) plus(?: (?:de|rien|des|ces|COURRIER))*
plus (?:de |aucun )(?:COURRIER|pub|publicites?)
(?:je (?:veux|voudrais|souhaite) )?me (?:desabonner|desinscrire)
""",
    "es": r"""
(?:dejen?|paren?)(?: ya)? de (?:enviar|mandar|escribir|molestar)(?:me)?(?: (?:mas|estos|esos|sus|CORREO))*
no (?:me )?(?:envien?|manden?|escriban?|contacten?)(?: (?:mas|estos|sus|CORREO))*
no (?:quiero )?(?:recibir )?mas (?:CORREO|publicidad)
(?:quiero )?(?:darme|denme|deme) de baja
""",
}
_SHORT: Final[Mapping[str, str]] = {
    "DOING": "(?:sending|texting|messaging|emailing|mailing|calling|contacting|writing|bothering|spamming)",
    "THESE": "(?:these|those|this|the|all|any|your|more|such|any ?more|again|at once)",
    "MAIL": "(?:texts?|messages?|msgs?|sms|e ?mails?|mails?|spam|ads|marketing|newsletters?|notifications?|letters?)",
    "ANY": "(?:this|these|your|the|all|everything)[a-z ]{0,40}",
    "POST": "(?:sms|nachrichten|werbung|e ?mails?|mails?|newsletter|post)",
    "COURRIER": "(?:sms|messages?|mails?|courriels?)",
    "CORREO": "(?:sms|mensajes|correos|mails?)",
}


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    for language, lines in _SAID.items():
        for line in lines.split("\n"):
            if line:
                long = re.sub("[A-Z]+", lambda found: _SHORT[found[0]], line)
                yield language, re.compile(long)


_SENTENCES: Final = tuple(_patterns())


def wish_of(text: str) -> Wish | None:
    """Return what a message wants done at once; None where a person has to read it.

    Args:
        text: The message, as it came.

    Source: docs/rules.md#answers
    """
    if len(text) > LONGEST_ORDER:
        return None
    whole = _plain(text)
    found = _STOP_WORDS.get(whole) or _ALONE.get(whole)
    if found is not None:
        return found
    for sentence in filter(None, map(_plain, re.split(r"[.!?;\n\r]+", text))):
        if stop := _STOP_WORDS.get(sentence):
            return stop
        for language, pattern in _SENTENCES:
            if pattern.fullmatch(sentence):
                return Wish(Order.STOP, language)
    return None


def answer(order: Order, sender: str, language: str, *, contact: str | None = None) -> str:
    """Return what a customer is answered.

    Args:
        order: What was done.
        sender: The company, as people know it.
        language: The language the customer wrote in; English where we have none for it.
        contact: Where a person can be reached, for help.
    """
    stop, start, help_, reach = _ANSWERS.get(language.partition("-")[0], _ANSWERS["en"])
    said = {Order.STOP: stop, Order.START: start, Order.HELP: help_}[order]
    more = f" {reach} {contact}." if order is Order.HELP and contact else ""
    return f"{sender}: {said}{more}"


_ANSWERS: Final = {
    "en": (
        "You will get no more marketing messages here. Reply START to get them again.",
        "You can get our messages here again. Reply STOP to end them.",
        "Reply STOP to end marketing messages, START to get them again.",
        "A person answers at",
    ),
    "de": (
        "Sie bekommen hier keine Werbung mehr. Antworten Sie START, um sie wieder zu bekommen.",
        "Sie bekommen hier wieder Nachrichten von uns. Antworten Sie STOPP, um sie zu beenden.",
        "Antworten Sie STOPP, um Werbung zu beenden, START, um sie wieder zu bekommen.",
        "Ein Mensch antwortet unter",
    ),
    "fr": (
        "Vous ne recevrez plus nos messages publicitaires ici. Repondez START pour les recevoir a nouveau.",
        "Vous recevrez de nouveau nos messages ici. Repondez STOP pour y mettre fin.",
        "Repondez STOP pour ne plus recevoir de publicite, START pour en recevoir a nouveau.",
        "Une personne vous repond :",
    ),
    "es": (
        "No recibira mas publicidad nuestra por aqui. Responda START para volver a recibirla.",
        "Volvera a recibir nuestros mensajes por aqui. Responda STOP para terminarlos.",
        "Responda STOP para no recibir publicidad, START para volver a recibirla.",
        "Una persona le responde en",
    ),
}  # without accents where they would double the price of a text message


def _plain(text: str) -> str:
    """Return words alone: small letters, no accents, no punctuation, no courtesy at either end."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    words = re.sub(r"[^a-z0-9]+", " ", bare.replace("'", " ").replace("\u2019", " ")).replace("s il vous", "sil vous")
    kept = words.split()
    while kept and _COURTESY.fullmatch(kept[0]):
        kept.pop(0)
    while kept and _COURTESY.fullmatch(kept[-1]):
        kept.pop()
    return " ".join(kept)


def _words(order: Order, said: Mapping[str, str], *, surely: bool = True) -> dict[str, Wish]:
    return {word: Wish(order, language, surely) for language, words in said.items() for word in words.split("|")}


_STOP_WORDS: Final = _words(Order.STOP, _STOP)
_ALONE: Final = {
    **_words(Order.START, _START_PERHAPS, surely=False),
    **_words(Order.STOP, _STOP_ALONE),
    **_words(Order.START, _START),
    **_words(Order.HELP, _HELP),
}
