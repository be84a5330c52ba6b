"""What can be wrong with the database as a whole, told apart so that callers can say what to do.

TactfulError
├── DatabaseError          the database did not do its part
│   ├── DatabaseAddressError   what was given is no address of a PostgreSQL
│   ├── DatabaseDownError      not reachable, or going away; try again
│   ├── DatabaseFullError      no room left
│   ├── DatabaseStuckError     conflicts or exhausted connections; try again
│   ├── UnstorableError        a value is none that it can keep; trying again is no use
│   └── SchemaError            its tables are older or newer than this code
└── IntakeError            what was told us cannot be taken in
    ├── UnknownCustomerError   nobody has been identified by that id
    ├── IdTakenError           an id already belongs to another customer
    ├── UnknownJourneyError    there is no journey of that key
    ├── UnknownContactError    there is no contact of that key
    ├── UnknownLotError        there is no lot of that key
    └── UnknownCommunicationError  no published strategy has it, or more than one
"""

from uuid import UUID

from tactful.errors import TactfulError
from tactful.intake import Who


class DatabaseError(TactfulError):
    """The database did not do its part; nothing was half written."""


class DatabaseAddressError(DatabaseError):
    """What was given is no address of a PostgreSQL."""


class DatabaseDownError(DatabaseError):
    """PostgreSQL is not reachable or is going away. Trying again later is right."""


class DatabaseFullError(DatabaseError):
    """PostgreSQL has no room left."""


class DatabaseStuckError(DatabaseError):
    """Conflicts that do not end, or no free connection. Trying again later is right."""


class UnstorableError(DatabaseError):
    """A value is none that PostgreSQL can keep: the same would be refused again."""


class SchemaError(DatabaseError):
    """The tables are of another version than this code."""


class IntakeError(TactfulError):
    """What was told us cannot be taken in; nothing was written."""


class UnknownCustomerError(IntakeError):
    """Nobody has been identified by that id."""

    def __init__(self, who: Who | UUID) -> None:
        super().__init__("no customer is known by that id; identify them first")
        self.who = who


class UnknownJourneyError(IntakeError):
    """There is no journey of that key."""

    def __init__(self) -> None:
        super().__init__("there is no such journey")


class UnknownContactError(IntakeError):
    """There is no contact of that key."""

    def __init__(self) -> None:
        super().__init__("there is no such contact")


class UnknownLotError(IntakeError):
    """There is no lot of that key."""

    def __init__(self) -> None:
        super().__init__("there is no such lot")


class IdTakenError(IntakeError):
    """An id already belongs to another customer."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"that {kind} id already belongs to another customer")
        self.kind = kind


class UnknownCommunicationError(IntakeError):
    """No published strategy has the communication, or more than one step has it."""
