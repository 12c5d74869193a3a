"""One round's search for one group of tasks: whom to sample, how hot, until when."""
