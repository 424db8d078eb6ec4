"""The ops of this distribution, in families."""
