"""Every request of a client, without HTTP: start with jobs. Imports all other wings."""
