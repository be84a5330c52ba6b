"""The conformance kit: what a connector promises, tried out on a provider that behaves as badly as real ones do."""
