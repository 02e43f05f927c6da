"""A service's worker: runs jobs, recovers lost ones and removes expired ones."""
