"""Where customers are known."""
