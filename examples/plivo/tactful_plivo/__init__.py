"""Plivo for Tactful: text messages."""
