"""Commands of the Makefile: status, resume, verify and provenance, configuration reference."""
