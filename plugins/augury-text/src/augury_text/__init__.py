"""Text, spans and token tags for augury: kinds, edits that keep labels in place, lexicons."""
