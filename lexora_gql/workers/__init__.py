"""How jobs reach us, as thin as transport."""
