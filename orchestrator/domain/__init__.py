"""Jobs, stages and their rules, without I/O. May import errors and foundation only."""
