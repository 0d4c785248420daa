"""The command line, `polyseme`."""
