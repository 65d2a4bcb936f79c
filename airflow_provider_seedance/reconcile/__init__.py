"""What vendors have made and bill, against what was recorded and delivered. It never creates or cancels anything."""
