"""What several routes share: request context, bodies, errors, headers, messages, streams."""
