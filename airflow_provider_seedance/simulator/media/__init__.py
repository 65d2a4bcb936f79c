"""Files for the videos: sizes, rendering and a small cache. Heavy imports happen at the first rendering."""
