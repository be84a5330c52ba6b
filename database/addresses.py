"""Addresses as providers write them, in the one spelling in which customers' addresses are kept."""

from __future__ import annotations

from typing import Final

from database.storable import storable
from tactful.doors import RefusedError
from tactful.doors.addresses import email, phone
from tactful.words import Channel

LONGEST: Final = 500


def address_of(channel: Channel, said: str) -> str:
    """Return an address in the spelling in which it is kept; as it was said where it is none."""
    try:
        match channel:
            case Channel.EMAIL:
                return email(said, "sender")
            case Channel.SMS | Channel.CALL:
                return phone(said, "sender", None)
            case _:
                return storable(said, most=LONGEST)
    except RefusedError:
        return storable(said.strip(), most=LONGEST)
