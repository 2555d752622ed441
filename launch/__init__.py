"""What `dev.py` does: environment, servers and processes of Evenkeel on one machine; standard library only."""
