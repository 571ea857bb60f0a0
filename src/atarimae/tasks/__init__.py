"""What can be predicted: one folder a task."""
