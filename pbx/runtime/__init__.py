"""The process itself: what is checked before the start, garbage collection, logging."""
