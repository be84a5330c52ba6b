"""Contacts that another system asks for: a row and a word to Temporal, once per request key."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from database import customers, outbox, strategies
from database.errors import UnknownCommunicationError
from database.plans import contact_row
from database.strategies import Loaded
from database.tables import contacts
from tactful.intake import Request
from tactful.keys import request_contact_key
from tactful.strategy.model import Communication
from tactful.temporal import RESOLVE_CONTACT, contact_workflow_id
from tactful.timing import expires_instant, zone_of


def request_contact(conn: Connection, request: Request, *, now: datetime) -> UUID:
    """Plan the contact asked for and leave word that it be made; the same request key again changes nothing.

    Returns:
        The contact's key; its verdict will stand in its row.

    Raises:
        UnknownCustomerError: nobody has been identified by that id.
        UnknownCommunicationError: no published strategy has the communication, or several steps have it.
    """
    customer_key = customers.resolve(conn, request.who)
    locked = customers.lock(conn, customer_key)
    loaded, communication = find_communication(conn, request)
    key = request_contact_key(customer_key, request.request_key)
    zone = zone_of(customers.read_facts(conn, locked), loaded.strategy)
    row = contact_row(loaded, communication) | {
        "contact_key": key,
        "customer_key": customer_key,
        "planned_for": now,
        "due_at": now,
        "expires_at": expires_instant(communication.expires, now, zone),
        "request": json.loads(json.dumps(dict(request.properties), default=str)),
        "created_at": now,
        "updated_at": now,
        "revision": locked["revision"],
    }
    written = conn.execute(insert(contacts).values(row).on_conflict_do_nothing().returning(contacts.c.contact_key))
    if written.scalar_one_or_none() is not None:
        outbox.start(conn, contact_workflow_id(key), RESOLVE_CONTACT, key, customer_key, now=now)
    return key


def find_communication(conn: Connection, request: Request) -> tuple[Loaded, Communication]:
    """Return the one published communication that the request names.

    Raises:
        UnknownCommunicationError: there is none, or more than one.
    """
    found = [
        (loaded, communication)
        for loaded in strategies.published(conn)
        if request.strategy in {None, loaded.strategy.name}
        for step in loaded.strategy.steps.values()
        if request.step in {None, step.name}
        for communication in step.communications
        if communication.name == request.communication
    ]
    if len(found) != 1:
        several = ", ".join(f"{loaded.strategy.name}/{c.step}" for loaded, c in found)
        what = f"is in several steps ({several}); name the step" if found else "is in no published strategy"
        msg = f"communication {request.communication} {what}"
        raise UnknownCommunicationError(msg)
    return found[0]
