"""Screen pops: the page of the customer, told to the agent to whom a call is put through."""
