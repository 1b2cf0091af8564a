"""The playground: GraphiQL for browsers, bundled from npm packages, served from our own origin only."""
