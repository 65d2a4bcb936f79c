"""One module per vendor folder; each holds `SAMPLES`."""
