"""The pages of virtual classes, one module for each thing that people do."""
