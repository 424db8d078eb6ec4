"""Interactions: one user's events in time, the ops that augment them, and what is fitted on them."""
