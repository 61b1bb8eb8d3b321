"""Load generators and the processes under test; see bench/README.md."""
