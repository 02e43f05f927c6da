"""Code that the orchestrator and the services must share exactly; it imports neither of them."""
