"""The ELMo network, four times: for reading, for speed, for a few sentences."""
