"""The command line of the same package, of which only --help is asked."""

import argparse

argparse.ArgumentParser().parse_args()
