"""Adapters to the outside: each speaks its vendor's words at its own edge and ours inwards."""
