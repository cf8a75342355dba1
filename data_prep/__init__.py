"""From recordings and photographs to checked arrays, and from these to data sets; nothing else reads raw data."""
