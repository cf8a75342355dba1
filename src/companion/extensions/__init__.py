"""What the method can be extended by and the paper does not have: each is a value of the method's own types."""
