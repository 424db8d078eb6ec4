"""The one training loop, what it reads and what it keeps."""
