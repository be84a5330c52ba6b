"""Direct mail: one module per provider."""
