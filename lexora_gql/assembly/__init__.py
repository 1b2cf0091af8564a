"""The one place where adapters meet services: settings become processes."""
