"""From recordings and photographs to checked arrays, and from these to data sets; the only place that reads raw data."""
