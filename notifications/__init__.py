"""What leaves: every mail and SMS."""
