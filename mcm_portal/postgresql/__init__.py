"""Django's PostgreSQL backend, which asks a connection how it is without a statement."""
