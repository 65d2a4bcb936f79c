"""BytePlus ModelArk and Volcengine Ark, simulated."""
