"""The connector contract, without any provider."""
