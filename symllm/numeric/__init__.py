"""What is computed: exact intervals, feasible sets and their certificates. Neither SymPy nor Pint is imported here."""
