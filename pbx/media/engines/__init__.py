"""Text-to-speech engines behind one interface, each in a speech worker process of its own."""
