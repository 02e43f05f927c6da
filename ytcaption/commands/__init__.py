"""The command line, built on the client; one module for each group of commands."""
