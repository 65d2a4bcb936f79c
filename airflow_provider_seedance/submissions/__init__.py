"""What a task has submitted: how it is recorded, recognised and told from what another life of the task submitted."""
