"""`python -m symllm` is the command line."""

from .cli import main

main()
