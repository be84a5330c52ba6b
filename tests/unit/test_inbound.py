"""What customers write back: which of it is done at once, and which is for a person to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.inbound import LONGEST_ORDER, Order, Wish, answer, wish_of

STOPS = {
    "en": (
        *(
            "STOP",
            "Stop.",
            "stop!!!",
            "STOP ALL",
            "STOPALL",
            "Unsubscribe",
            "CANCEL",
            "END",
            "quit",
            "Revoke",
            "OPTOUT",
            "opt-out",
            "Opt out",
            "please stop",
            "Stop please",
            "Please, stop texting me",
            "stop sending me messages",
        ),
        *("Stop it!", "STOP. I never signed up for this", "Thanks for the flowers! Please stop texting me."),
        *("unsubscribe me please", "I want to unsubscribe", "I'd like to opt out", "remove me from your list"),
        *("take me off this mailing list", "Don't text me again", "do not contact me anymore", "no more texts"),
        *("No more messages please", "leave me alone", "hi, stop", "Can you stop sending these texts?"),
        *("stop messaging me", "Stop all texts", "Stop marketing", "How do I unsubscribe?", "remove me", "\uff33top"),
        *("STOP\n\nSent from my phone, which I love", "stop, thanks", "Stop \U0001f6d1"),
    ),
    "de": (
        *("STOPP", "Stopp!", "bitte abmelden", "Abbestellen", "Keine SMS mehr", "Bitte keine Werbung mehr", "Ende"),
        *("ich möchte keine Nachrichten mehr erhalten", "Schicken Sie mir nichts mehr", "Hören Sie bitte auf"),
        "Ich möchte mich abmelden",
    ),
    "fr": (
        *("ARRÊT", "Arrêtez svp", "Arrêtez de m'envoyer des messages", "Ne m'envoyez plus de SMS", "plus de pub"),
        *("Désabonner", "désinscription", "Je veux me désabonner", "fin"),
    ),
    "es": (
        *("BAJA", "Alto", "darse de baja", "No me envíen más mensajes", "Dejen de enviarme mensajes", "no más sms"),
        *("Quiero darme de baja", "por favor parar", "cancelar"),
    ),
}
FOR_A_PERSON = (
    *("don't stop", "Please don't stop!", "Don't stop sending me these, I love them", "stop by the shop tomorrow"),
    *(
        "I'll stop by at six",
        "Can you stop the delivery?",
        "Please cancel my order",
        "cancel the roses",
    ),
    *(
        "",
        "??",
        "\x00",
        "Cancel. No wait, I mean the second order",
        "The bus stop is near",
        "I can't stop laughing",
        "non-stop",
    ),
    *("When does the sale end?", "end of the month is fine", "My husband will not quit", "Yes please, two bunches"),
    *("When will my flowers arrive?", "help me choose a bouquet", "I need help with my order", "stop press: a boy!"),
    *("info about tulips please", "Where can I start?", "Start with roses", "It never stops raining", "no"),
    *("Don't ever stop texting me", "Do you stop at Bath?", "Stop me if I am wrong", "never stop sending these"),
    *("I do not want to stop these messages", "stop sending the roses, send tulips", "You stopped sending me messages"),
    *("Nicht aufhören!", "Hört nie auf", "Das Ende war schön", "Ende der Woche", "La fin du mois", "plus de roses"),
    *("Ne t'arrête pas", "No pares nunca", "alta calidad", "nunca paren de enviarme flores", "fin de semana"),
)
every_stop = [(language, text) for language, texts in STOPS.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), every_stop)
def test_a_no_is_taken_in_whatever_way_it_is_said(language: str, text: str) -> None:
    expected = "en" if text == "\uff33top" else language
    assert wish_of(text) == Wish(Order.STOP, expected)


@pytest.mark.parametrize("text", FOR_A_PERSON)
def test_what_only_has_such_a_word_in_it_is_for_a_person(text: str) -> None:
    assert wish_of(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("START", Wish(Order.START, "en")),
        ("unstop", Wish(Order.START, "en")),
        ("YES", Wish(Order.START, "en", surely=False)),
        ("Ja bitte", Wish(Order.START, "de", surely=False)),
        ("HELP", Wish(Order.HELP, "en")),
        ("Info", Wish(Order.HELP, "en")),
        ("Hilfe!", Wish(Order.HELP, "de")),
        ("Aide, s'il vous plaît", Wish(Order.HELP, "fr")),
        ("ayuda por favor", Wish(Order.HELP, "es")),
    ],
)
def test_start_and_help_are_heard_as_whole_messages(text: str, expected: Wish) -> None:
    assert wish_of(text) == expected


@given(
    st.sampled_from(every_stop),
    st.sampled_from(["", " ", "please ", "Hi! ", "\n", "Bitte "]),
    st.sampled_from(["", "!", " please", " svp", " . ", "\n\n", " \U0001f621"]),
    st.sampled_from([str.upper, str.lower, str.title, str]),
)
def test_courtesy_case_and_punctuation_change_nothing(
    stop: tuple[str, str], before: str, after: str, spelled: type[str]
) -> None:
    wish = wish_of(before + spelled(stop[1]) + after)
    if before != "Hi! ":  # beside another sentence, a word such as "end" can be about an order
        assert wish is not None
    assert wish is None or wish.order is Order.STOP


@given(st.text(max_size=2 * LONGEST_ORDER))
def test_any_text_is_read_and_only_its_words_matter(text: str) -> None:
    wish = wish_of(text)
    assert wish_of(f"  {text}  ") == wish or len(text) + 4 > LONGEST_ORDER
    assert wish is None or len(text) <= LONGEST_ORDER


@given(st.sampled_from(every_stop), st.sampled_from(["don't ", "never ", "Please do not ", "why would I "]))
def test_a_no_that_is_denied_is_none(stop: tuple[str, str], denial: str) -> None:
    text = stop[1].partition(".")[0].partition("!")[0].partition("\n")[0].strip()
    if text.casefold().startswith("stop") or text.casefold() in {"unsubscribe", "cancel", "end", "quit"}:
        assert wish_of(denial + text) is None


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "de-AT", "ja"])
def test_an_answer_names_the_company_and_costs_one_text_message(order: Order, language: str) -> None:
    said = answer(order, "Fleur & Fils", language, contact="hello@fleur.example")
    assert said.startswith("Fleur & Fils: ")
    assert len(said) <= 160
    assert said.isascii()
    assert ("hello@fleur.example" in said) == (order is Order.HELP)
