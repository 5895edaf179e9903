"""Mapping files for public data sets; the data themselves are not in labkit."""
