"""Every connector of the house keeps the contract: the kit says so, and its certificate in the docs is up to date."""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module

import pytest

import connectors
from tactful.conformance import Case, certify
from tests.connectors import cases, certificates

AGAIN = "write it anew: tactful connector certify --all --out docs/connectors/certificates"
CASES = sorted(module.name for module in pkgutil.iter_modules(cases.__path__))


def of_the_house() -> list[str]:
    found: list[str] = []
    for module in pkgutil.iter_modules(connectors.__path__):
        if module.ispkg:
            folder = import_module(f"connectors.{module.name}")
            found += [each.name for each in pkgutil.iter_modules(folder.__path__)]
        else:
            found.append(module.name)
    return sorted(found)


def test_every_case_is_of_a_connector_of_the_house() -> None:
    assert set(CASES) <= set(of_the_house())


@pytest.mark.parametrize("name", CASES)
async def test_it_keeps_the_contract(name: str) -> None:
    case: Case = import_module(f"{cases.__name__}.{name}").CASE
    certificate = await certify(case)
    assert [f"{one.group}: {one.name}: {one.why}" for one in certificate.failed] == []
    assert certificate.oracles
    kept = certificates.CERTIFICATES / f"{name}.json"
    assert json.loads(kept.read_text()) == certificate.document(), AGAIN


def test_the_page_of_connectors_is_what_the_certificates_say() -> None:
    said = certificates.page(certificates.read())
    assert certificates.PAGE.read_text(encoding="utf-8") == said, (
        "write it anew: python -m tests.connectors.certificates"
    )


def test_an_oracle_stands_behind_every_connector_and_every_certificate_is_of_one() -> None:
    kept = certificates.read()
    assert sorted(kept) == CASES
    assert [name for name, certificate in kept.items() if not certificate["oracles"]] == []
