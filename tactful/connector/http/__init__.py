"""Providers spoken to over HTTP: a connector is a few pure functions here, and the I/O is the kernel's."""

from tactful.connector.http.checking import WithCheck
from tactful.connector.http.classify import On, fault_of, on, wait_asked_for
from tactful.connector.http.connector import HttpConnector, WithCancel, WithLookup, WithToken
from tactful.connector.http.line import BaseUrl, GuardedConfig, HttpConfig, PemFile
from tactful.connector.http.polling import WithPoll
from tactful.connector.http.request import Answer, Request, UnreadableError
from tactful.connector.http.tokens import Token
from tactful.connector.protocol import Cancelled, Stopping, TooLate

__all__ = [
    "Answer",
    "BaseUrl",
    "Cancelled",
    "GuardedConfig",
    "HttpConfig",
    "HttpConnector",
    "On",
    "PemFile",
    "Request",
    "Stopping",
    "Token",
    "TooLate",
    "UnreadableError",
    "WithCancel",
    "WithCheck",
    "WithLookup",
    "WithPoll",
    "WithToken",
    "fault_of",
    "on",
    "wait_asked_for",
]
