"""What requests and answers of the HTTP API look like, a file a topic."""
