"""The routes of the API: each parses, calls one use case and answers."""
