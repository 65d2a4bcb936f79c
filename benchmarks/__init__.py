"""What waiting costs, side by side: `make bench`."""
