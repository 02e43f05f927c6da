"""The web page: submit, follow and read jobs. It uses only the public API."""
