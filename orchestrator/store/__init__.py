"""Everything stored in Redis, one module a noun, and the Lua commands that change it atomically."""
