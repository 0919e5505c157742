"""Through what satisfaction and loyalty come: the path model."""
