"""The disk: private directories, durable files and locks. Knows no format."""
