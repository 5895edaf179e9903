"""Scenarios: what is wrong in a world, laid into it as causes; and the judge of what was done."""
