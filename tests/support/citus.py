"""A stand-in for Citus on a plain PostgreSQL: the functions that placing calls, with the rules of its documentation.

It spreads nothing. It says that the extension is there, keeps `pg_dist_partition` where Citus has it, and
refuses what the documentation says is refused, so that the order of steps and their repetition can be tested.
"""

from __future__ import annotations

import psycopg
from sqlalchemy.engine import make_url

_MADE = """
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (
    logicalrelid regclass PRIMARY KEY, partmethod "char", partkey text, colocationid integer, repmodel "char");
CREATE FUNCTION pg_catalog.column_to_column_name(regclass, text) RETURNS text LANGUAGE sql STRICT AS 'SELECT $2';

CREATE FUNCTION pg_catalog.refuse_keys(moved regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF moved IN (SELECT logicalrelid FROM pg_dist_partition WHERE partmethod = 'h' OR repmodel = 't') THEN
        RAISE EXCEPTION 'table % is already distributed', moved;
    END IF;
    IF EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND moved IN (conrelid, confrelid)) THEN
        RAISE EXCEPTION 'cannot create foreign key constraint of %', moved;
    END IF;
END $$;

CREATE FUNCTION pg_catalog.create_reference_table(moved regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse_keys(moved);
    DELETE FROM pg_dist_partition WHERE logicalrelid = moved;
    INSERT INTO pg_dist_partition VALUES (moved, 'n', NULL, 1, 't');
END $$;

CREATE FUNCTION pg_catalog.citus_add_local_table_to_metadata(moved regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pg_dist_partition VALUES (moved, 'n', NULL, 0, 's');
END $$;

CREATE FUNCTION pg_catalog.create_distributed_table(
    moved regclass, distributed_by text, distribution_type text DEFAULT 'hash', colocate_with text DEFAULT 'default')
RETURNS void LANGUAGE plpgsql AS $$
DECLARE together integer; wanted smallint; type_here oid; type_there oid;
BEGIN
    PERFORM refuse_keys(moved);
    SELECT attnum, atttypid INTO STRICT wanted, type_here FROM pg_attribute
        WHERE attrelid = moved AND attname = distributed_by;
    IF EXISTS (SELECT FROM pg_index WHERE indrelid = moved AND indisunique AND NOT wanted = ANY(indkey)) THEN
        RAISE EXCEPTION 'cannot create constraint on %: it must include the partition column', moved;
    END IF;
    IF colocate_with = 'none' THEN
        SELECT coalesce(max(colocationid), 1) + 1 INTO together FROM pg_dist_partition;
    ELSE
        SELECT p.colocationid, a.atttypid INTO STRICT together, type_there FROM pg_dist_partition p
            JOIN pg_attribute a ON a.attrelid = p.logicalrelid AND a.attname = p.partkey
            WHERE p.logicalrelid = colocate_with::regclass;
        IF type_here <> type_there THEN
            RAISE EXCEPTION 'cannot colocate tables % and %', moved, colocate_with;
        END IF;
    END IF;
    DELETE FROM pg_dist_partition WHERE logicalrelid = moved;
    INSERT INTO pg_dist_partition VALUES (moved, 'h', distributed_by, together, 's');
END $$;

INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
    VALUES (4000000000, 'citus', 10, 2200, false, 'stand-in');
"""


def pretend_citus(url: str) -> None:
    """Put the stand-in into a database; its user must be a superuser."""
    parsed = make_url(url).set(drivername="postgresql")
    with psycopg.connect(parsed.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(_MADE)
