"""Dictionaries: read the senses of words from files, and make a prototype vector of each sense."""
