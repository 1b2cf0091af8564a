"""What the first migration lays: tables by domain, then roles and row-level security over all of them."""
