"""Email: one module or package per provider."""
