"""Telnyx for Tactful: text messages."""
