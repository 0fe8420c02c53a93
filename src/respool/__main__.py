"""``python -m respool``: the same as the command ``respool``."""

from respool.cli.main import main

if __name__ == "__main__":
    main()
