"""Everything between this package and the network: bounds, cleaning, proxies, transports, retries."""
