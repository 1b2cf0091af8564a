"""Campaigns: hundreds of faults in random order on real processes, and what must hold when they are over."""
