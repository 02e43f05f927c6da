"""HTTP connections that can be shut or pinned to an IP address. Imports domain and errors."""
