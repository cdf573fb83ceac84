"""Figures that anyone can measure again: ``make bench``. What they mean stands in docs/performance.md."""
