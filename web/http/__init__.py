"""HTTP code shared by the routes: request context, bodies, errors, headers, messages, streams."""
