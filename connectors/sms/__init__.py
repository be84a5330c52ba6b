"""Text messages: one module or package per provider."""
