"""What `docs/generate.py` writes: pages made from the book, one module a kind of page."""
