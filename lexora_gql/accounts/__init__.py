"""Who someone is, and what shows it."""
