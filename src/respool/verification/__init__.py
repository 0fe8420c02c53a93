"""Reading back what was restored and comparing it with the plan."""
