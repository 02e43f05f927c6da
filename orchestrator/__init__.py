"""The product without a framework: jobs, stages, their store and the services they drive."""

__version__ = "1.0.0"
