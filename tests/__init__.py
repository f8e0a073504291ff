"""A package, so that another one of this name on the path does not stand in for it."""
