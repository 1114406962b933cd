"""How weights and cached numbers are stored: a page a family of formats, listed here."""
