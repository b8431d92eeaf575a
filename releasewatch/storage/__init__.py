"""The ledger: facts in SQL, one schema for an SQLite file and for PostgreSQL."""
