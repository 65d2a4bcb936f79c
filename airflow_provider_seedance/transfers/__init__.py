"""Transfers a video from the vendor's URL, which expires within hours or days, to the user's own storage."""
