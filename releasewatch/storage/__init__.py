"""The ledger: facts in SQL, one schema for an SQLite file and for PostgreSQL."""

from releasewatch.storage.late_modules import spare_sqlalchemy

spare_sqlalchemy()
