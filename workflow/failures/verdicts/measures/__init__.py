"""How each claim is measured: one module a family, one function a claim."""
