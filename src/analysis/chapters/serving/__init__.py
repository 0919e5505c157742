"""What each tier costs to serve, beside what it brings."""
