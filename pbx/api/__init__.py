"""HTTP: metrics and health for machines, the control socket for the command line. Thin: all decisions are elsewhere."""
