"""How the code is laid out: which floor may import which, how long a file may be."""
