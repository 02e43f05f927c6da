"""Request and response schemas. Imports no other folder of ``web``."""
