"""GMI Cloud."""
