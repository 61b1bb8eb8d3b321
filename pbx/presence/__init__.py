"""What phones show about others: lamps (dialog), message lamps (message-summary), presence; and messages between them.

A feature folder: it follows calls through events and what the call layer lets see, and only while somebody watches.
"""
