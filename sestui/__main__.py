"""`python -m sestui` is `sestui`."""

from sestui.cli.main import main

if __name__ == "__main__":
    main()
