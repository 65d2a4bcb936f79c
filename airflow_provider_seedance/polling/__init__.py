"""One poller per connection and process: who waits, whose turn it is, how often may be asked."""
