"""Vector arithmetic: arrays, transforms, int8 storage."""
