"""What results say, chapter by chapter; moves into the chapters."""
