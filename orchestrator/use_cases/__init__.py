"""Use cases of clients, independent of HTTP; start with ``jobs``. May import all other folders."""
