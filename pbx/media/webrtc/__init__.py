"""Media of browsers: keys by DTLS (RFC 5764) on a path that ICE found. Loaded with the first such leg."""
