"""What the figures of reports are made of, one by one: the calls, contacts and messages behind each."""
