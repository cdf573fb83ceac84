"""The pages of people (SCREENS A2 to A8), one module for each thing that they do."""
