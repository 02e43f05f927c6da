"""The OpenAPI document of the API. Imports no other folder of ``web``."""
