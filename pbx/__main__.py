"""`python -m pbx` is the `centrala` command."""

from pbx.cli import main

if __name__ == "__main__":
    main()
