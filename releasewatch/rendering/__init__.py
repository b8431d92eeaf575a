"""Documents from facts: templates and their views, escaping, tables."""
