"""What the domains need of the outside, as Protocols; `adapters` has one vendor per module."""
