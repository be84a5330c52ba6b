"""Read models: what pages and the API show, read by plain SQL and answered in the types of `tactful.wire`.

Nothing here writes, locks or decides. Every list is paged, so that no customer's history can grow past an answer.
"""

from database.views.campaigns import campaign, campaigns
from database.views.campaigns import preview as campaign_preview
from database.views.contacts import FrozenMessage, contact, contacts_after, frozen_message
from database.views.costs import Asked as CostsAsked
from database.views.costs import costs
from database.views.explanation import explain_communication, explain_contact
from database.views.people import (
    customer,
    find_customer,
    ids_of,
    near_ids,
    statements_of,
)
from database.views.plumbing import health, published_strategies
from database.views.shelves import CustomerLine, MailLine, Page, customer_lines, customers_found, mail_lines
from database.views.timeline import timeline

__all__ = [
    "CostsAsked",
    "CustomerLine",
    "FrozenMessage",
    "MailLine",
    "Page",
    "campaign",
    "campaign_preview",
    "campaigns",
    "contact",
    "contacts_after",
    "costs",
    "customer",
    "customer_lines",
    "customers_found",
    "explain_communication",
    "explain_contact",
    "find_customer",
    "frozen_message",
    "health",
    "ids_of",
    "mail_lines",
    "near_ids",
    "published_strategies",
    "statements_of",
    "timeline",
]
