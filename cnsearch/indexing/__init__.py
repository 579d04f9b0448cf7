"""What has changed below the indexed folders, and what is to be done about it."""
