"""The files of a service, on disk or in object storage."""
