"""What schools declare: files read, compared with what is known, and applied whole (FORMATS 1 to 5)."""
