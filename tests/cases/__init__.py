"""What went wrong when the provider met the world, case by case: a test's name holds the number of its case."""
