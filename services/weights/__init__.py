"""Model files: found in packages, read without executing what is in them."""
