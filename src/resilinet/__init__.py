"""Failure-resilient inference in distributed neural networks: a companion of the ResiliNet paper."""
