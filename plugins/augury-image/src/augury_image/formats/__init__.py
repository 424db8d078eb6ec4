"""Annotation formats: labels in files of their own beside the images."""
