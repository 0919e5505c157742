"""What figures draw, chapter by chapter; moves into the chapters."""
