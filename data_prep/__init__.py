"""From recordings and photographs to checked arrays; the only place that reads raw data."""
