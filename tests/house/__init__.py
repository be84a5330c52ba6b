"""What keeps the house in order: packaging, layers, and what no committed file may contain."""
