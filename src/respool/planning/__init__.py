"""What a plan is and how one is made, from values to values."""
