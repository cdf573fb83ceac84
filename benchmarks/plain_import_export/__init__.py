"""A plain django-import-export project, as its own guide makes it: our imports are measured against it."""
