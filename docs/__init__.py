"""The pages, their examples, and what builds a site of them."""
