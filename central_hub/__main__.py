"""`python -m central_hub` is `motcua-hub`."""

from central_hub.cli import main

if __name__ == "__main__":
    main()
