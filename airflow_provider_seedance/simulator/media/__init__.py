"""Files for the videos: sizes, rendering and a small cache. Heavy imports happen at the first rendering."""

#: What to tell who lacks the libraries.
INSTALL = 'pip install "airflow-provider-seedance[simulator]"'
