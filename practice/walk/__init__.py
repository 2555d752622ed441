"""The walk: the main job done over HTTP by people who do not exist, through whatever web, worker and beat are running.

Everything but two things goes by way of pages and letters, as a person's browser and mailbox would: the outbox is read
from its folder, and one planned reminder of each channel is brought forward in its row, because nobody waits for days.
"""
