"""A service's files, on disk or in object storage."""
