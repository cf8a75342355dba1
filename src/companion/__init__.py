"""Trains what the paper trained, judges its numbers by it, and publishes the book."""
