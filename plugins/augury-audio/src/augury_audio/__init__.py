"""Audio and intervals for augury: kinds, time and pitch, noise, filters, rooms."""
