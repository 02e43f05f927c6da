"""Request and response schemas. Imports nothing of the other wings."""
