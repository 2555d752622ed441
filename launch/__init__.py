"""What `dev.py` does: the environment, the servers and the processes of Evenkeel on one machine, standard library only."""
