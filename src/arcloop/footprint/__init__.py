"""How much of a GPU's memory a training step and a search take, and what is chosen so that they fit."""
