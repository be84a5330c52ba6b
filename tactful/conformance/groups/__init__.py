"""The groups of the kit, in the order in which they are tried; each is told its trial and says what it saw."""

from tactful.conformance.groups.afterwards import afterwards
from tactful.conformance.groups.construction import construction
from tactful.conformance.groups.failures import failures
from tactful.conformance.groups.hooks import hooks
from tactful.conformance.groups.keys import keys
from tactful.conformance.groups.polling import polling
from tactful.conformance.groups.requests import description, features
from tactful.conformance.groups.texts import one_click, texts

GROUPS = {
    "construction and secrets": construction,
    "features": features,
    "the provider's description": description,
    "failures": failures,
    "keys": keys,
    "look-up and cancelling": afterwards,
    "receipts": hooks,
    "polling": polling,
    "texts": texts,
    "one-click unsubscribing": one_click,
}

__all__ = ["GROUPS"]
