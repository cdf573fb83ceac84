"""What lets a million accounts cost next to nothing: statements spared, and work done once instead of each time.

It knows no rule of the portal. What is remembered here is remembered by one process, for some seconds.
"""
