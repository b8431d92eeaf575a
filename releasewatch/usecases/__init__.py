"""One function for each thing the user can ask for."""
