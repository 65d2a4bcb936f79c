"""One poller per connection and process: what is waited for, in which order and how often the vendor is asked."""
