"""Importing a directory: rows are staged in temporary tables, compared there in SQL, and written when the guards allow.

The order holds for every kind of file: stage, plan (nothing is written yet), then reference rows, then customer rows.
"""
