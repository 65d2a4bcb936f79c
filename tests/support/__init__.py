"""The test kit: what tests of several folders, and `dev/`, share."""
