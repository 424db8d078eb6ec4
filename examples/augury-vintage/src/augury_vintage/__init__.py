"""An example of a plugin: old photographs, circles on them, and the sound recorded with them."""
