"""What frontend teams feed our schema to: linters, compilers and generators."""
