"""How people reach us: no SQL, no vendor SDK, no business rule."""
