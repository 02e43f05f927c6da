"""The jobs of a service in Redis, and their queue."""
