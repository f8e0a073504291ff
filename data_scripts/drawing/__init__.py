"""Paints what the generated sets show: pictures and what is where in them. Knows no set, no layout and no class table."""
