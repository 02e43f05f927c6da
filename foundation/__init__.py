"""What the orchestrator and the services must not do differently; imports neither of them."""
