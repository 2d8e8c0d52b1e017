"""The science of lookalike: which vision models look at the same places."""
