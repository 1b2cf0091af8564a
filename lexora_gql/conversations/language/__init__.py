"""Words and sentences of many languages, as far as answers need to know them."""
