"""Questions, answers, and what backs them."""
