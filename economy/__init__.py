"""What lets a million accounts cost next to nothing: statements spared, work done once and not each time.

It knows no rule of the portal. What is remembered here is remembered by one process, for some seconds.
"""
