"""Documents: escaping, templates, views and the files that people receive."""
