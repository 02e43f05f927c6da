"""Redis, by noun. Everything that is stored, and the scripts that change it atomically."""
