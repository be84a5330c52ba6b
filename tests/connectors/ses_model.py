"""AWS's own description of `SendEmail`, as it comes with botocore."""

from __future__ import annotations

import functools
from typing import Any

import botocore.loaders
import botocore.model
import botocore.validate

from tactful.conformance.provider import Received
from tests.connectors.mailing import body


@functools.cache
def send_email() -> Any:  # noqa: ANN401 - it has no types
    described = botocore.loaders.Loader().load_service_model("sesv2", "service-2")
    return botocore.model.ServiceModel(described, "sesv2").operation_model("SendEmail").input_shape


def model_problems(received: Received) -> list[str]:
    """Return what it has against a request; a name it does not know among it."""
    report = botocore.validate.ParamValidator().validate(body(received), send_email())
    return [report.generate_report()] if report.has_errors() else []
