"""`python -m web`: serve the doors until told to stop."""

from web.serve import main

if __name__ == "__main__":
    raise SystemExit(main())
