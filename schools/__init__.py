"""What the schools and the académies say."""
