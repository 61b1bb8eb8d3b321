"""What other systems are told over HTTP: kept before it is sent, and sent until it is taken."""
