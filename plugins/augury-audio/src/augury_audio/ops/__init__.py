"""The audio ops: those that move sound in time, and those that change it where it is."""
