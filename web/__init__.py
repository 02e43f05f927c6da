"""The HTTP API and the web page. Routes parse a request, call one use case and respond."""
