"""Pure tests that need no server; the folders mirror `tactful/`."""
