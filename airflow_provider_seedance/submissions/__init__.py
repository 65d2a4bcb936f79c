"""A task's submission: recording it, recognising it on a retry, and telling it from those of other runs and clears."""
