"""The portal's own settings and middlewares, with a few pages that do to the database what tests need."""
