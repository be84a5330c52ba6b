"""Kept histories of released workflows, replayed: a change that breaks a sleeping journey turns red here."""
