"""What networks are trained for: each objective is a synthesizer, a class in the registry."""
