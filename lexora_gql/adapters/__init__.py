"""One vendor per module, behind the Protocols of `ports`."""
