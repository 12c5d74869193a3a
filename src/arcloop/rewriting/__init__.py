"""Program → the same program, or another, written differently."""
