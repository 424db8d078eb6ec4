"""The preview: one self-contained page that shows records before and after a recipe's steps."""
