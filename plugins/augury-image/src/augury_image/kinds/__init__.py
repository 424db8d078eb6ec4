"""The kinds of this distribution: images and what lies on them."""
