"""From a vendor's URL, which dies within hours or days, to the user's own storage."""
