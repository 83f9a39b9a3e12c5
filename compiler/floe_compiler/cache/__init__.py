"""Results of earlier runs, kept in the user's cache folder under the hash of what they follow from."""
