"""Events for other systems, signed, to the addresses that subscribed."""
