"""Grid ⇄ text, task → prompt, the program library as a list."""
