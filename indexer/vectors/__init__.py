"""Vector arithmetic: array types, transforms, scans of stored rows and int8 storage."""
