"""A task's submission: its record, its recognition, and its distinction from those of other lives of the task."""
