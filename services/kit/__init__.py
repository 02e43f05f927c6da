"""The framework of all services: a service adds settings, options and one work function."""
