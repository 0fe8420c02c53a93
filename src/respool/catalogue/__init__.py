"""Search over generations: what each message is, and where it stood in which of them."""
