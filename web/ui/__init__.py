"""The web page: submit, follow, read, operate. It uses the public API and nothing else."""
