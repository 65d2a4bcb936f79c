"""One poller per connection and process: it decides which job is polled next, and how often the vendor is asked."""
