"""The command line: one module for each kind of command, over the client."""
