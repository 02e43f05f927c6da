"""The routes of the API. Each parses a request, calls one use case and responds."""
