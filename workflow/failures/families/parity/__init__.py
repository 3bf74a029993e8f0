"""Random parities: targets whose gradient carries almost no information about them (section 2)."""
