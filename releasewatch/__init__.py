"""releasewatch: which customers does a deployment reach, and whom do we call."""

__version__ = "0.1.0"
