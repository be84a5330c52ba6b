"""The connectors that ship with the application, one file per provider, in a folder per channel.

They are found by scanning these folders. Provider addresses stand here and nowhere else; no connector knows Temporal or
the database's tables.
"""
