"""Landing: from a vendor's URL to the user's own storage."""
