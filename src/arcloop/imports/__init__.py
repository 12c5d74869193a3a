"""Programs that were sampled elsewhere → completions, as if they had been sampled here."""
