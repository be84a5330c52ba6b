"""Measured, not asserted: what a decision, a contact and a journey cost, beside a floor in the same run."""
