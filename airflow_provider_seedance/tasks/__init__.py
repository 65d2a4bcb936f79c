"""Code that operators, sensor and transfer share, on the worker and when their DAG is parsed."""
