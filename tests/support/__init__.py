"""What several tests build on: real git repos, real data."""
