"""A service's worker: it runs jobs, recovers lost ones and removes expired ones."""
