"""Models without a network: what a neural model must beat, and often what serves best."""
