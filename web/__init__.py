"""HTTP glue: parse, call one operation, answer."""
