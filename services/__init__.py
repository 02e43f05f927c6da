"""Three microservices and what they share; they meet the rest of the system over HTTP only."""
