"""What every test shares. PostgreSQL and the Redis-protocol server are real: ``make test`` starts them."""
