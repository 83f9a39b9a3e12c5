"""What earlier runs worked out, kept in the user's cache folder under the content that it follows from."""
