"""What a search found → what is learned from it."""
