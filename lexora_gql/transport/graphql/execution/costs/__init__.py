"""What operations cost, in points, before they are executed."""
