"""A minimal service whose work is controlled through a file."""
