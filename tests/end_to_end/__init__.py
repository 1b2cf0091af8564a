"""The whole product: real processes, real HTTP and WebSocket, real documents."""
