"""Measured, not asserted: what a decision, a contact and a journey cost, beside a floor in the same run."""

import logging

import structlog

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
