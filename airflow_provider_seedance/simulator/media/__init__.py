"""Sizes and rendering of the files. The heavy libraries are imported at the first rendering."""

#: The command that installs the libraries, for error messages.
INSTALL = 'pip install "airflow-provider-seedance[simulator]"'
