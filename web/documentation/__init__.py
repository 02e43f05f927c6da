"""The OpenAPI document. Imports nothing of the other wings."""
