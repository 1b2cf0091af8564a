"""What a model is told, within its budget, and what is searched for: pure, without I/O."""
