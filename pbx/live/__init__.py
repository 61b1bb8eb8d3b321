"""What happens now, as one stream of snapshots and changes for everybody who watches."""
