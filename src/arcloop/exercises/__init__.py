"""Random program × inputs → a task that it solves, to practise on; without torch."""
