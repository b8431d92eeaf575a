"""Plain facts and pure decisions: no clock, no chance, no environment, no network; the standard library only."""
