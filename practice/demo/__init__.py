"""The demo clinic: plainly fictional, built by the same actions people use, with the clock travelled.

Wiring, like settings and the root addresses: the one place beside them that may import every app.
"""
