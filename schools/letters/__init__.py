"""Letters that a school gives by hand for a first sign-in, and their codes."""
