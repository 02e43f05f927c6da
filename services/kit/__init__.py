"""The job protocol that all services share; a service adds only its work."""
